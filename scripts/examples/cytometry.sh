#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Worked example: cells in a flow cytometer. The page is docs/examples/cytometry.md; options are those of common.sh.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh" "$@"

transform=log10:FSC-A,log10:SSC-A
for dye in CD3 CD4 CD8 CD19 CD38; do transform+=,arcsinh=150:$dye; done

run "$tools/cytometry.py" simulate "$(rows 200000)"
run gmmpi fit blood.fcs --weights weight --transform $transform -k 8 --noise -o eight.h5
run gmmpi predict eight.h5 blood.fcs -o eight_labels.h5 -q
run "$tools/cytometry.py" judge eight_labels.h5

# More components than there are kinds of cells, which are merged again.
run gmmpi fit blood.fcs --weights weight --transform $transform -k 12 --noise --merge entropy -o model.h5
run gmmpi predict model.h5 blood.fcs -o labels.h5 -q
run "$tools/cytometry.py" judge labels.h5
run gmmpi predict model.h5 blood.fcs --clusters 9 -o cluster_labels.h5 -q
run "$tools/cytometry.py" judge cluster_labels.h5

# A second look into the component of the rare cells: all other events have no weight.
run "$tools/cytometry.py" gate model.h5 labels.h5
run gmmpi fit blood.fcs --columns 1-7 --weights gate.h5:/weight --transform $transform -k 2 -o rare.h5
run gmmpi predict rare.h5 blood.fcs -o rare_labels.h5 -q
run "$tools/cytometry.py" judge rare_labels.h5 gate.h5

run "$tools/cytometry.py" draw model.h5 rare.h5
run gmmpi convert blood.fcs blood.h5 -q
draw model.h5 blood.h5
on_page cells.png merging.png
