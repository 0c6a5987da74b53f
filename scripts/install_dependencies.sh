#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Installs what gmmpi needs on Debian and Ubuntu, and only what is missing.
#
#   scripts/install_dependencies.sh [--tests | --benchmark]
#
# --tests adds what only the tests need, --benchmark the programs that gmmpi is compared with. Elsewhere, and where nothing may be installed, it looks whether the tools are there
# and otherwise says what is needed.
set -eu

# The one list: package, what it is called upstream.
packages="
gcc                   GCC (or another C11 compiler)
libc6-dev             the C library's headers
make                  make
cmake                 CMake 3.20 or later
pkg-config            pkg-config
openmpi-bin           Open MPI (or another MPI 3)
libopenmpi-dev        Open MPI's headers
libhdf5-openmpi-dev   parallel HDF5
libopenblas-dev       OpenBLAS
liblapacke-dev        LAPACKE
librandom123-dev      Random123
libjansson-dev        jansson 2.11 or later
zlib1g-dev            zlib
libzstd-dev           zstd (optional: .zst files)
libcfitsio-dev        cfitsio (FITS files)
python3               Python 3 (pictures)
python3-numpy         NumPy (pictures)
python3-h5py          h5py (pictures)
python3-matplotlib    matplotlib 3.5 or later (pictures)
"
test_packages="
libcmocka-dev         cmocka (tests)
hdf5-tools            h5dump, h5diff (tests)
munge                 munge (tests with SLURM)
slurmctld             SLURM's controller (tests with SLURM)
slurmd                SLURM's node daemon (tests with SLURM)
slurm-client          SLURM's commands (tests with SLURM)
iproute2              ip (tests on several hosts)
shellcheck            shellcheck (tests of the job scripts)
clang                 clang (fuzzers)
clang-tidy            clang-tidy (findings of scripts/check_lint.sh)
clang-format          clang-format (layout of scripts/check_format.sh)
libclang-rt-dev       clang's sanitizers and libFuzzer (fuzzers)
libomp-dev            OpenMP for clang (fuzzers)
python3-sklearn       scikit-learn (tests of the Python package)
python3-mpi4py        mpi4py (tests of the Python package)
dpkg-dev              dpkg-shlibdeps (tests of the package)
file                  file (tests of the package)
strace                strace (tests of what is started)
g++                   a C++ compiler (tests of the headers)
mandoc                mandoc (layout of the man pages)
zsh                   zsh (its completion)
r-cran-mclust         R and mclust (tests of scripts/gmmpi.R)
r-cran-hdf5r          hdf5r (tests of scripts/gmmpi.R)
"
# Done without where they are not in the lists, or have another name.
optional="libzstd-dev libcfitsio-dev clang clang-tidy clang-format libclang-rt-dev libomp-dev python3-mpi4py mandoc zsh r-cran-mclust r-cran-hdf5r"
benchmark_packages="
g++                   a C++ compiler (benchmark)
libarmadillo-dev      Armadillo (benchmark)
python3-sklearn       scikit-learn (benchmark)
"

case "${1-}" in
"") ;;
--tests) packages="$packages$test_packages" ;;
--benchmark) packages="$packages$benchmark_packages" ;;
*)
  echo "usage: $0 [--tests | --benchmark]" >&2
  exit 64
  ;;
esac
names=$(awk 'NF { print $1 }' <<<"$packages")

# The programs and libraries themselves, whoever installed them.
missing_tools() {
  local tool
  for tool in mpicc mpirun cmake make pkg-config python3; do
    command -v "$tool" >/dev/null || echo "$tool"
  done
  if command -v pkg-config >/dev/null; then
    pkg-config --exists jansson || echo jansson
    case "$names" in *cmocka*) pkg-config --exists cmocka || echo cmocka ;; esac
  fi
}

# Nothing can be installed from here: fine if all seems to be there, else what is needed.
without_installing() {
  local missing
  missing=$(missing_tools | tr '\n' ' ')
  if [ -z "$missing" ]; then
    echo "$1, but the tools seem to be there; CMake will say if a library is missing." >&2
    exit 0
  fi
  echo "$1, and these are missing: $missing" >&2
  echo "$2" >&2
  exit 1
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  without_installing "This is not Debian or Ubuntu, so nothing was installed" \
    "gmmpi needs (Debian's package, name):
$packages"
fi

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | awk '$1 == "installed" { print $2 }')
missing=$(grep -vxF -f <(printf '%s\n' "$installed") <<<"$names" || true)
if [ -z "$missing" ]; then
  exit 0
fi
read -r -d '' -a missing <<<"$missing" || true
line="apt-get install --no-install-recommends ${missing[*]}"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    without_installing "Installing needs an administrator" "Ask one to run: $line"
  fi
  as_root=(sudo)
fi

echo "Installing ${missing[*]}" >&2
# A failed update is not the end: the lists may be good enough, and if not, the installation says so.
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2 || true
for name in $optional; do
  if ! apt-cache show "$name" >/dev/null 2>&1; then
    read -r -d '' -a missing < <(printf '%s\n' "${missing[@]}" | grep -vxF "$name") || true
  fi
done
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >&2; then
  without_installing "The installation failed" "Try it by hand, or ask an administrator to run: $line"
fi
