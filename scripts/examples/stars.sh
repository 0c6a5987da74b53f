#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Worked example: a star cluster among a million proper motions. The page is docs/examples/stars.md; options are those of common.sh.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh" "$@"

run "$tools/stars.py" simulate "$(rows 1000000)"
run gmmpi convert stars.csv stars.h5

# All stars, as if each were measured as well as the others; then only those that are measured well: weight 0 leaves a row out.
run gmmpi fit stars.h5 --columns pmra,pmdec -k 4 --distribution t -o all.h5
run gmmpi fit stars.h5 --columns pmra,pmdec --weights well_measured -k 4 --distribution t -o model.h5
run gmmpi compare all.h5 model.h5

# The probability of each of the million to be a member, from the model of the well measured.
run gmmpi predict all.h5 stars.h5 --responsibilities -o all_shares.h5 -q
run gmmpi predict model.h5 stars.h5 --responsibilities -o shares.h5
run "$tools/stars.py" judge all.h5 all_shares.h5
run "$tools/stars.py" judge model.h5 shares.h5
run "$tools/stars.py" draw model.h5 shares.h5
on_page stars.png
