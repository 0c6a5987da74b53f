#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From a fresh clone to a fitted mixture and its pictures: installs what is missing, builds, fits 200 customers of a shopping
# mall with three components on two ranks, draws the result, and compares 1 to 10 components. Everything goes into out/.
set -eu
. "$(dirname "$0")/common.sh"

"$root/scripts/install_dependencies.sh"

echo "Building in build/release ..."
mkdir -p "$root/build" "$root/out"
# Tests are left as they were chosen; a first build does without them.
first=()
[ -f "$root/build/release/CMakeCache.txt" ] || first=(-DBUILD_TESTING=OFF)
build "$root/build/release" -DCMAKE_BUILD_TYPE=Release "${first[@]}"
PATH="$root/build/release/src/cli:$PATH"

data="$root/data/mall_customers.csv"
columns="Annual Income (k\$),Spending Score (1-100)"
out="$root/out"

echo
echo "Three components, on two ranks: three customers as first means, identity covariances, at most 100 iterations"
ranks 2 gmmpi fit "$data" --columns "$columns" -k 3 \
  --init random_from_data --init-covariance identity --max-iter 100 --tol 5e-9 --accelerate none --seed 1 \
  --log "$out/log.csv" --labels "$out/labels.h5" -o "$out/model.h5"

echo
echo "How many components? 1 to 10, the lowest of each criterion marked"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for k in 1 2 3 4 5 6 7 8 9 10; do
  gmmpi fit "$data" --columns "$columns" -k "$k" -q --json -o "$work/model.h5" >"$work/$k.json"
done
"$root/scripts/compare.py" "$work"/*.json -o "$out" >"$work/report"
grep -v "^$out/" "$work/report"

echo
echo "Written:"
printf '%s\n' "$out/model.h5" "$out/labels.h5" "$out/log.csv"
"$root/scripts/plot.py" "$out/model.h5" "$data" --columns "$columns" --log "$out/log.csv" --labels "$out/labels.h5" -o "$out"
grep "^$out/" "$work/report"
