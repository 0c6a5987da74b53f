# SPDX-License-Identifier: BSD-3-Clause
# Where the system looks by itself differs: Debian's Python and zsh have folders of their own for what its packages bring.
if(EXISTS /etc/debian_version)
  set(python_packages lib/python3/dist-packages)
  set(zsh_functions zsh/vendor-completions)
else()
  set(python_packages lib/python3/site-packages)
  set(zsh_functions zsh/site-functions)
endif()
set(GMMPI_PYTHON_PACKAGES ${python_packages} CACHE STRING "Folder of the Python package, below the prefix; of three names, as lib/python3.12/site-packages")
set(GMMPI_ZSH_FUNCTIONS ${zsh_functions} CACHE STRING "Folder of zsh's completion, below share")
