# SPDX-License-Identifier: BSD-3-Clause
# What is installed finds its libraries where they were found when it was built, as on a cluster where MPI and HDF5 are modules; folders
# that the system looks into by itself are not written down.

# gmmpi_install_rpath(LIBRARY ...): their folders, for CMAKE_INSTALL_RPATH.
function(gmmpi_install_rpath)
  set(folders "")
  foreach(library ${ARGN})
    if(IS_ABSOLUTE "${library}" AND NOT IS_DIRECTORY "${library}")
      get_filename_component(real "${library}" REALPATH)
      get_filename_component(folder "${library}" DIRECTORY)
      if(NOT real MATCHES "^/(usr/)?lib")
        list(APPEND folders "${folder}")
      endif()
    endif()
  endforeach()
  list(REMOVE_DUPLICATES folders)
  set(CMAKE_INSTALL_RPATH "${folders}" PARENT_SCOPE)
endfunction()
