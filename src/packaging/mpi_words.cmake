# SPDX-License-Identifier: BSD-3-Clause
# How gmmpi.pc brings MPI, whose types are in the public headers: by the name of MPI's own pkg-config module where that is the MPI which was
# found, else by its flags.

# `word` as pkg-config reads it in Cflags and Libs.
function(gmmpi_pc_word word result)
  string(REGEX REPLACE "([ \t\"'\\\\$])" "\\\\\\1" escaped "${word}")
  set(${result} "${escaped}" PARENT_SCOPE)
endfunction()

# gmmpi_mpi_words(MODULE INCLUDES LIBRARIES): sets mpi_requires, mpi_cflags and mpi_libs. MODULE: "" where there is none.
function(gmmpi_mpi_words module includes libraries)
  set(mpi_requires "${module}" PARENT_SCOPE)
  set(cflags "")
  set(libs "")
  if(NOT module)
    foreach(folder IN LISTS includes)
      gmmpi_pc_word("${folder}" word)
      string(APPEND cflags " -I${word}")
    endforeach()
    foreach(library IN LISTS libraries)
      gmmpi_pc_word("${library}" word)
      string(APPEND libs " ${word}")
    endforeach()
  endif()
  set(mpi_cflags "${cflags}" PARENT_SCOPE)
  set(mpi_libs "${libs}" PARENT_SCOPE)
endfunction()

# Sets `result` to the first of pkg-config's modules that links the library of MPI which was found, or to "".
function(gmmpi_mpi_module libraries result)
  set(${result} "" PARENT_SCOPE)
  foreach(library IN LISTS libraries)
    get_filename_component(found "${library}" REALPATH)
    list(APPEND wanted "${found}")
  endforeach()
  foreach(module ompi-c mpich ompi mvapich2)
    unset(GMMPI_MPI_PC_LINK_LIBRARIES CACHE)
    unset(GMMPI_MPI_PC_FOUND CACHE)
    pkg_check_modules(GMMPI_MPI_PC QUIET ${module})
    foreach(library IN LISTS GMMPI_MPI_PC_LINK_LIBRARIES)
      get_filename_component(linked "${library}" REALPATH)
      if(linked IN_LIST wanted)
        set(${result} ${module} PARENT_SCOPE)
        return()
      endif()
    endforeach()
  endforeach()
endfunction()
