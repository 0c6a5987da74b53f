#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Checks that every C file has the layout of .clang-format; --fix gives it to them. Needs clang-format.
set -eu
. "$(dirname "$0")/common.sh"

if ! command -v clang-format >/dev/null; then
  echo "clang-format is not installed (Debian: clang-format), so the layout was not checked." >&2
  exit 0
fi
action=(--dry-run --Werror)
case "${1-}" in
"") ;;
--fix) action=(-i) ;;
*)
  echo "usage: $0 [--fix]" >&2
  exit 64
  ;;
esac
cd "$root"
find include src tests -name '*.[ch]' -print0 | xargs -0 clang-format "${action[@]}"
