#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Puts gmmpi beside scikit-learn and Armadillo: seconds per EM iteration, share of the cores' peak, seconds to a converged
# model, reading. Everything runs in turn, several rounds; tables and a picture go into out/benchmark.
#
#   scripts/benchmark.sh [--against BUILD] [--install-peers | --without-peers] [--configurations LIST] [--rounds N] [--cores N] [--quick] [-o FOLDER]
#
# --help says more. GMMPI names a built gmmpi; else one is built in build/release. Nothing is installed without --install-peers.
set -eu
. "$(dirname "$0")/common.sh"

for word in "$@"; do
  case "$word" in
  --install-peers) "$root/scripts/install_dependencies.sh" --benchmark ;;
  -h | --help) GMMPI=none ;;
  esac
done

if [ -z "${GMMPI-}" ]; then
  echo "Building in build/release ..." >&2
  mkdir -p "$root/build"
  first=()
  [ -f "$root/build/release/CMakeCache.txt" ] || first=(-DBUILD_TESTING=OFF)
  build "$root/build/release" -DCMAKE_BUILD_TYPE=Release "${first[@]}"
  GMMPI=$root/build/release/src/cli/gmmpi
fi
export GMMPI

# The Python that has the libraries: Debian's packages belong to /usr/bin/python3, others may come first in PATH.
python=
finds_libraries='import importlib.util, sys
sys.exit(not all(importlib.util.find_spec(name) for name in ("numpy", "h5py", "matplotlib")))'
for candidate in python3 /usr/bin/python3; do
  if [ -z "$python" ] && "$candidate" -c "$finds_libraries" 2>/dev/null; then
    python=$candidate
  fi
done
if [ -z "$python" ]; then
  echo "gmmpi benchmark: no Python has numpy, h5py and matplotlib; scripts/install_dependencies.sh installs them" >&2
  exit 69
fi
PYTHONPATH=$root/scripts exec "$python" -B -m benchmarking "$@"
