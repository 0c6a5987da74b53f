#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs all worked examples, as scripts/examples/NAME.sh would be, into FOLDER/NAME (out/NAME; of an installation in the current folder), and in
# a clone makes the pictures of their pages anew.
#
#   scripts/examples/all.sh [FOLDER]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=${1-$root/out} pages=(--pictures "$root/docs/examples")
if [ -d "$here/../data" ]; then # it is installed
  folder=${1-$PWD/out} pages=()
fi
for script in "$here"/*.sh; do
  name=$(basename "$script" .sh)
  case $name in all | common) continue ;; esac
  mkdir -p "$folder"
  echo "$name: $folder/$name/output.txt"
  "$script" -o "$folder/$name" "${pages[@]}" >"$folder/$name.txt" 2>&1 || {
    cat "$folder/$name.txt" >&2
    exit 1
  }
  mv "$folder/$name.txt" "$folder/$name/output.txt"
done
