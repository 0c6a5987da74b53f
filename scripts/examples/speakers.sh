#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Worked example: who is speaking? The page is docs/examples/speakers.md; options are those of common.sh.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh" "$@"

run "$tools/speakers.py" simulate "$(rows 240000)"
run gmmpi fit background.npy -k 64 --covariance diag --tol 1e-4 -o background.h5
run gmmpi predict background.h5 test.npy --log-density -o background_scores.h5 -q

# The same for each of the 20 speakers: the command of the first one is printed.
mkdir -p adapted alone
for number in train/*.npy; do
  number=$(basename "$number" .npy)
  [ "$number" = 0 ] && first=run || first=
  $first gmmpi fit "train/$number.npy" --method adapt --from background.h5 --relevance 16 -o "adapted/$number.h5" -q
  $first gmmpi predict "adapted/$number.h5" test.npy --log-density -o "adapted/${number}_scores.h5" -q
  # Beside it a mixture of the speaker's own frames.
  $first gmmpi fit "train/$number.npy" -k 16 --covariance diag --tol 1e-3 --no-coarse-to-fine -o "alone/$number.h5" -q
  $first gmmpi predict "alone/$number.h5" test.npy --log-density -o "alone/${number}_scores.h5" -q
done
run "$tools/speakers.py" judge adapted alone
run "$tools/speakers.py" draw adapted alone
run gmmpi compare background.h5 adapted/0.h5
on_page speakers.png
