#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Worked example: the customers of a shopping mall. The page is docs/examples/mall.md; options are those of common.sh.
set -eu
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh" "$@"

cp "$root/data/mall_customers.csv" .
columns="Annual Income (k\$),Spending Score (1-100)"

# The textbook: means are five of the points, covariances the identity, until 1e-6 or 100 iterations.
run gmmpi fit mall_customers.csv --columns "$columns" -k 5 --init random_from_data --init-covariance identity \
  --tol 1e-6 --max-iter 100 --accelerate none --seed 0 --log log.csv --labels labels.h5 -o model.h5
draw model.h5 mall_customers.csv --columns "$columns" --log log.csv --labels labels.h5

# Another five points; the covariance of all points as the first one; twenty starts; the program's own search.
run gmmpi fit mall_customers.csv --columns "$columns" -k 5 --init random_from_data --init-covariance identity \
  --tol 1e-6 --max-iter 100 --accelerate none --seed 5 -o other.h5
run gmmpi fit mall_customers.csv --columns "$columns" -k 5 --init random_from_data --init-covariance sample \
  --tol 1e-6 --max-iter 100 --accelerate none --seed 0 -o sample.h5
run gmmpi fit mall_customers.csv --columns "$columns" -k 5 --init random_from_data --init-covariance identity --n-init 20 \
  --tol 1e-6 -o best_of_20.h5
run gmmpi fit mall_customers.csv --columns "$columns" -k 5 -o search.h5
run gmmpi compare model.h5 search.h5

run gmmpi select mall_customers.csv --columns "$columns" -k 1:8 --table table.csv -o selected.h5
draw --selection table.csv
on_page data.png clusters.png log_likelihood.png responsibilities.png selection.png
