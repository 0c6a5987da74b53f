# SPDX-License-Identifier: BSD-3-Clause
# What `cmake --install` puts where, and what others find it by. Man pages and completion: src/cli/CMakeLists.txt.
include(CMakePackageConfigHelpers)
include(${CMAKE_CURRENT_LIST_DIR}/mpi_words.cmake)

set(gmmpi_share ${CMAKE_INSTALL_DATADIR}/gmmpi)
set(gmmpi_cmake ${CMAKE_INSTALL_LIBDIR}/cmake/gmmpi)

# --- the program and the library ---

install(TARGETS gmmpi RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS gmmpi_alone LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} NAMELINK_SKIP)
install(TARGETS gmmpi_library EXPORT gmmpiTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/gmmpi DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

# find_package(gmmpi)
install(EXPORT gmmpiTargets NAMESPACE gmmpi:: DESTINATION ${gmmpi_cmake})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/gmmpiConfig.cmake.in gmmpiConfig.cmake INSTALL_DESTINATION ${gmmpi_cmake})
write_basic_package_version_file(gmmpiConfigVersion.cmake COMPATIBILITY SameMinorVersion) # until 1.0
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/gmmpiConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/gmmpiConfigVersion.cmake
  DESTINATION ${gmmpi_cmake})

# pkg-config finds the prefix from the place of its own file, so that --prefix at installation works.
file(RELATIVE_PATH prefix_from_pkgconfig /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" prefix_from_pkgconfig "${prefix_from_pkgconfig}")
gmmpi_mpi_module("${MPI_C_LIBRARIES}" mpi_module)
gmmpi_mpi_words("${mpi_module}" "${MPI_C_INCLUDE_DIRS}" "${MPI_C_LIBRARIES}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/gmmpi.pc.in gmmpi.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/gmmpi.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# --- the Python package, which finds the library four folders up ---

install(DIRECTORY src/python/gmmpi DESTINATION ${GMMPI_PYTHON_PACKAGES} FILES_MATCHING PATTERN "*.py" PATTERN "__pycache__" EXCLUDE)

# --- an environment module, which finds the prefix from the place of its own file ---

set(modulefiles ${gmmpi_share}/modulefiles/gmmpi)
file(RELATIVE_PATH prefix_from_modulefile /${modulefiles} /)
string(REGEX REPLACE "/$" "" prefix_from_modulefile "${prefix_from_modulefile}")
configure_file(scripts/packaging/modules/gmmpi.modulefile modulefile @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/modulefile DESTINATION ${modulefiles} RENAME ${PROJECT_VERSION})

# --- what is read and run ---

install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY jobs data DESTINATION ${gmmpi_share} USE_SOURCE_PERMISSIONS)
install(PROGRAMS scripts/plot.py scripts/compare.py scripts/report.py DESTINATION ${gmmpi_share})
install(FILES scripts/gmmpi.R DESTINATION ${gmmpi_share})
install(DIRECTORY scripts/plotting scripts/reporting DESTINATION ${gmmpi_share} PATTERN "__pycache__" EXCLUDE)
install(DIRECTORY scripts/examples DESTINATION ${gmmpi_share} OPTIONAL USE_SOURCE_PERMISSIONS PATTERN "__pycache__" EXCLUDE)
