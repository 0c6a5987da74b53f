#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Builds gmmpi and runs its tests.
#
#   scripts/test.sh [--sanitize] [--werror] [ARGUMENTS OF CTEST]
#
# --sanitize builds with AddressSanitizer and UndefinedBehaviorSanitizer, and the fuzzers with libFuzzer where clang has it; --werror takes compiler warnings for errors. All else
# goes to ctest: `scripts/test.sh -R reference` runs one test, `scripts/test.sh -L unit` one kind.
set -eu
. "$(dirname "$0")/common.sh"

# Has clang all that the fuzzers are linked with?
has_libfuzzer() {
  echo 'int LLVMFuzzerTestOneInput(const char *bytes, unsigned long n) { return 0; }' |
    clang -fsanitize=fuzzer,address,undefined -fopenmp -x c - -o /dev/null 2>/dev/null
}

folder=$root/build/test
options=(-DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=ON -DGMMPI_WERROR=OFF)
sanitize=no
while :; do
  case "${1-}" in
  --sanitize)
    folder=$root/build/sanitize
    options+=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DGMMPI_SANITIZE=ON)
    sanitize=yes
    ;;
  --werror) options+=(-DGMMPI_WERROR=ON) ;;
  *) break ;;
  esac
  shift
done

"$root/scripts/install_dependencies.sh" --tests
if [ "$sanitize" = yes ] && has_libfuzzer; then
  options+=(-DCMAKE_C_COMPILER=clang -DGMMPI_FUZZ=ON)
fi
mkdir -p "$root/build"
echo "Building in ${folder#"$root"/} ..."
build "$folder" "${options[@]}"
cd "$folder"
exec ctest --output-on-failure --parallel $((cores + 2)) "$@" # more than cores, as tests wait much of their time
