# SPDX-License-Identifier: BSD-3-Clause
# cmake -DSOURCE=... -DOUTPUT=... -DINCLUDES=... -DLIBRARIES=... -DLIBDIR=... -P this: gmmpi.pc as where MPI has no pkg-config module.
include("${SOURCE}/src/packaging/mpi_words.cmake")
gmmpi_mpi_words("" "${INCLUDES}" "${LIBRARIES}")
set(CMAKE_INSTALL_LIBDIR "${LIBDIR}")
set(CMAKE_INSTALL_INCLUDEDIR include)
set(PROJECT_VERSION 0.1.0)
set(PROJECT_DESCRIPTION "without a module")
file(RELATIVE_PATH prefix_from_pkgconfig "/${LIBDIR}/pkgconfig" /)
string(REGEX REPLACE "/$" "" prefix_from_pkgconfig "${prefix_from_pkgconfig}")
configure_file("${SOURCE}/src/packaging/gmmpi.pc.in" "${OUTPUT}" @ONLY)
