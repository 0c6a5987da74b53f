# SPDX-License-Identifier: BSD-3-Clause
# `cpack` makes a package for Debian and Ubuntu: docs/install.md.
set(GMMPI_PACKAGE_CONTACT "The gmmpi maintainers <gmmpi@localhost>" CACHE STRING "Who made the package: name and address")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gmmpi)
set(CPACK_PACKAGE_CONTACT "${GMMPI_PACKAGE_CONTACT}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Gaussian mixture models on one computer or many (program, library, Python)")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian_files.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Fits Gaussian mixtures by expectation-maximisation, by maximum likelihood,
with priors or as variational Bayes, to tables in text, HDF5, NPY, FCS and
FITS.

The model is the same to the last bit at any number of MPI processes and
threads. Also in it: the shared library with its headers, the Python package
gmmpi, and scripts for pictures, reports, R and batch systems.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/triggers)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "openmpi-bin, python3")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "python3-numpy, python3-h5py, python3-matplotlib")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libopenmpi-dev, python3-mpi4py, python3-sklearn, r-cran-mclust, r-cran-hdf5r")

include(CPack)
