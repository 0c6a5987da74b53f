#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Kills small jobs at random instants and inside the writing of checkpoints and outputs, and has them go on at other numbers of
# ranks, which must end with the bytes of a job that nothing happened to. Takes about a second a kill.
#
#   scripts/torture.sh [KILLS [SEED]]     (1000 kills, a seed from the clock)
set -eu
. "$(dirname "$0")/common.sh"

kills=${1:-1000}
seed=${2:-$(date +%s)}
folder=$root/build/test
"$root/scripts/install_dependencies.sh" --tests
mkdir -p "$root/build"
echo "Building in ${folder#"$root"/} ..."
build "$folder" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=ON
echo "$kills kills, seed $seed"
export GMMPI_FAULT_KILLS=$kills GMMPI_FAULT_SEED=$seed PYTHONPATH=$root/tests GMMPI_SOURCE=$root
export GMMPI=$folder/src/cli/gmmpi GMMPI_FAULT_SHIM=$folder/tests/fault/libfault_shim.so
export OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
exec "$(command -v /usr/bin/python3 || command -v python3)" -B "$root/tests/fault/test_kills.py"
