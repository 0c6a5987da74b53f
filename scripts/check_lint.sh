#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Checks the C files of src/ with clang-tidy, as .clang-tidy says. Needs clang and clang-tidy.
#
#   scripts/check_lint.sh [FILE ...]     FILE: only these
set -eu
. "$(dirname "$0")/common.sh"

if ! command -v clang-tidy >/dev/null || ! command -v clang >/dev/null; then
  echo "clang-tidy is not installed (Debian: clang, clang-tidy), so nothing was checked." >&2
  exit 0
fi
files=("$@")
if [ $# -eq 0 ]; then
  # The files that take longest first, so that no core waits for the other one at the end.
  mapfile -t files < <(find "$root/src" -name '*.c' -printf '%s %p\n' | sort -rn | cut -d ' ' -f 2-)
fi
folder=$root/build/lint # is configured, for how each file is compiled, and never built
mkdir -p "$folder"
if ! cmake -S "$root" -B "$folder" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF >"$folder.log" 2>&1; then
  cat "$folder.log" >&2
  exit 1
fi
# One file a process: LLVM 14 takes va_start for unknown in the files after the first. clang-tidy says on standard error how many findings it suppressed in system headers.
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$cores" clang-tidy -p "$folder" --quiet 2>"$folder.err" || {
  grep -v 'warnings\? generated\.$' "$folder.err" >&2
  exit 1
}
echo "${#files[@]} files: no findings"
