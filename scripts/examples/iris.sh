#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Worked example: Fisher's irises. The page is docs/examples/iris.md; options are those of common.sh.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh" "$@"

cp "$root/data/iris.csv" .
run gmmpi select iris.csv --columns 1-4 -k 1:5 --covariance all --table table.csv --keep-all models -o best.h5
draw --selection table.csv

# The best by BIC, three components of the same family, and three balls of one size (as k-means has): whom do they agree with?
for model in VEV_2 VEV_3 EII_3; do
  run gmmpi predict "models/$model.h5" iris.csv -o "$model.csv" --entropy -q
  run "$tools/agreement.py" "$model.csv" iris.csv Species
done

run gmmpi fit iris.csv --columns 1-4 -k 3 --covariance VEV --merge entropy -o merged.h5
draw merged.h5 iris.csv
on_page selection.png clusters.png merging.png
