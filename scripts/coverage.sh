#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Which lines of src/ do the tests run? Builds with gcc's counters, runs tests, and prints the share of each file and of all.
#
#   scripts/coverage.sh [ARGUMENTS OF CTEST]
#
# Without arguments it runs the unit tests, the MPI tests on 3 ranks, and the command-line tests that fit, predict, sample, convert or
# inspect. Tests that kill processes say nothing here: a process that is killed leaves no counts. A page for each file is written to
# build/coverage/report/. Needs gcc and gcovr.
set -eu
. "$(dirname "$0")/common.sh"

if ! command -v gcovr >/dev/null; then
  echo "gcovr is not there (Debian: apt-get install gcovr)" >&2
  exit 1
fi
folder=$root/build/coverage
mkdir -p "$root/build"
echo "Building in ${folder#"$root"/} ..."
build "$folder" --preset coverage
find "$folder" -name '*.gcda' -delete # counts of earlier runs

if [ $# -eq 0 ]; then
  set -- -R '^unit\.|^mpi\..*\.3$|^cli\.' -E '^cli\.test_(benchmark|compare|docs|job_scripts|plot|scaling_model)$'
fi
status=0
(cd "$folder" && ctest --output-on-failure --parallel "$cores" "$@") || status=$?

rm -rf "$folder/report"
mkdir "$folder/report"
# A kernel's function stands in one header and is compiled once for each instruction set.
gcovr --root "$root" --object-directory "$folder" --filter "$root/src/" --exclude-throw-branches \
  --html-details "$folder/report/index.html" --txt "$folder/report/summary.txt" "$folder"
cat "$folder/report/summary.txt"
exit "$status"
