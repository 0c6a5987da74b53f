#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Worked example: velocities of a plasma's particles. The page is docs/examples/plasma.md; options are those of common.sh.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh" "$@"

run "$tools/plasma.py" simulate "$(rows 2000000)"
run gmmpi fit particles.h5 -k 2 -o particles_model.h5
run gmmpi fit cells.h5 --weights count -k 2 -o cells_model.h5
run "$tools/plasma.py" correct cells_model.h5 corrected.h5
run "$tools/plasma.py" judge particles_model.h5 cells_model.h5 corrected.h5
run gmmpi compare particles_model.h5 cells_model.h5
run gmmpi compare particles_model.h5 corrected.h5
run gmmpi select cells.h5 --weights count -k 1:5 -o selected.h5
run "$tools/plasma.py" draw corrected.h5
on_page plasma.png
