#!/usr/bin/env bash
# Builds gmmpi and runs its tests.
#
#   scripts/test.sh [--sanitize] [--werror] [ARGUMENTS OF CTEST]
#
# --sanitize builds with AddressSanitizer and UndefinedBehaviorSanitizer; --werror takes compiler warnings for errors. All else
# goes to ctest: `scripts/test.sh -R reference` runs one test, `scripts/test.sh -L unit` one kind.
set -eu
. "$(dirname "$0")/common.sh"

folder=$root/build/test
options=(-DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=ON -DGMMPI_WERROR=OFF)
while :; do
  case "${1-}" in
  --sanitize)
    folder=$root/build/sanitize
    options+=(-DCMAKE_BUILD_TYPE=RelWithDebInfo -DGMMPI_SANITIZE=ON)
    ;;
  --werror) options+=(-DGMMPI_WERROR=ON) ;;
  *) break ;;
  esac
  shift
done

"$root/scripts/install_dependencies.sh" --tests
mkdir -p "$root/build"
echo "Building in ${folder#"$root"/} ..."
build "$folder" "${options[@]}"
cd "$folder"
exec ctest --output-on-failure --parallel 2 "$@"
