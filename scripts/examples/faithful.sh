#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Worked example: the eruptions of Old Faithful. The page is docs/examples/faithful.md; options are those of common.sh.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh" "$@"

cp "$root/data/faithful.csv" .
run gmmpi select faithful.csv -k 1:6 --covariance all --table table.csv --keep-all models -o best.h5
draw --selection table.csv
draw best.h5 faithful.csv
run gmmpi compare models/EEE_3.h5 models/VVV_2.h5
run gmmpi bootstrap best.h5 faithful.csv -o errors.h5
draw --bootstrap errors.h5
run gmmpi predict best.h5 faithful.csv --target waiting -o waiting.csv
on_page selection.png clusters.png standard_errors.png
