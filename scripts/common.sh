# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What the scripts share; to be sourced. Sets: root (the repository's folder), cores.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

# build FOLDER [CMAKE ARGUMENTS]: configures the first time, then builds what changed.
build() {
  local folder=$1
  shift
  if ! { cmake -S "$root" -B "$folder" "$@" && cmake --build "$folder" --parallel "$cores"; } >"$folder.log" 2>&1; then
    cat "$folder.log" >&2
    echo "The build failed; all of its output is in $folder.log" >&2
    return 1
  fi
}

# Runs a program on N ranks, however few cores there are: ranks N PROGRAM ARGUMENTS...
# Open MPI refuses to run as root unless told so, and so it is told for this one run, and only as root; and runs that share a folder
# for their sessions may find it being made or removed, so this one has its own, of a name short enough for sockets in it.
ranks() (
  n=$1 options=()
  shift
  if mpirun --version 2>/dev/null | grep -q 'Open MPI'; then
    options=(--oversubscribe --bind-to none)
    OMPI_MCA_orte_tmpdir_base=$(mktemp -d /tmp/gm-XXXXXX)
    export OMPI_MCA_orte_tmpdir_base
    trap 'rm -rf "$OMPI_MCA_orte_tmpdir_base"' EXIT
  fi
  if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  mpirun "${options[@]}" -n "$n" "$@"
)
