#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Armadillo's gmm_full: learn() returns true, without a warning, and the model is the start, unchanged to the last bit, when the points are far
# from the origin against their spread. A covariance is the mean of xx' less the mean's square; where what is left is not positive
# definite, that component keeps its old mean, covariance and weight and EM goes on. When none can be updated, the log-likelihood stands
# still, and that is taken for convergence. gmm_diag returns false there. The log-likelihood that is printed belongs to the parameters
# before the last step; with OpenMP it is the plain mean of the means of unequal shares of the points, and changes with the threads.
# Seen: 150 points in three groups, 1000 iterations: log-likelihood -1045.0 as they are and with 1e4 added; with 1e8 -1180.3, that of the start.
# Debian 12: libarmadillo-dev 1:11.4.2+dfsg-1, g++-12 12.2.0-14+deb12u1. Recorded 2026-11-29.
packages=(libarmadillo-dev=1:11.4.2+dfsg-1 g++-12=12.2.0-14+deb12u1)
set -euo pipefail
# Nothing is installed: the packages and all that they depend on are unpacked in a temporary folder, where chroot (so: root) runs them.
# FINDINGS_CACHE, if set, is a folder that keeps what was downloaded.
work=$(mktemp -d); trap 'cd /; rm -rf --one-file-system "$work"' EXIT
store=${FINDINGS_CACHE:-$work/apt} root=$work/root
mkdir -p "$store"/{lists,archives}/partial "$root"/{tmp,dev,proc,usr/{bin,sbin,lib,lib64}}; touch "$store/status"
for l in bin sbin lib lib64; do ln -s "usr/$l" "$root/$l"; done
mknod -m 666 "$root/dev/null" c 1 3
get() {
  flock "$store" apt-get -qq -o Dir::State="$store" -o Dir::State::status="$store/status" -o Dir::Cache="$store" -o APT::Sandbox::User=root "$@"
}
want=(install -y --no-install-recommends bash dash coreutils debianutils grep sed "${packages[@]}")
{ get -d "${want[@]}" || { get update && get -d "${want[@]}"; }; } >"$work/log" 2>&1 || { cat "$work/log"; exit 2; }
get -s "${want[@]}" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) [^[]*\[\([a-z0-9]*\)\].*/\1_\2_\3.deb/p' | sed 's/:/%3a/g' >"$work/debs"
while read -r deb; do dpkg --fsys-tarfile "$store/archives/$deb" | tar -x --keep-directory-symlink -C "$root"; done <"$work/debs"
libs=/usr/lib/x86_64-linux-gnu/blas:/usr/lib/x86_64-linux-gnu/lapack
in_root() { env -i PATH=/usr/sbin:/usr/bin HOME=/tmp LC_ALL=C LD_LIBRARY_PATH=$libs chroot "$root" "$@"; }
cd "$root"; printf 'version: %s\n' "${packages[@]}"

set +e; failed=0
check() { if [ "$2" = "$3" ]; then echo "as recorded: $1: $2"; else echo "DIFFERS: $1: got '$2', recorded '$3'"; failed=1; fi; }

cat > learn.cpp <<'EOF'
#include <armadillo>
#include <cstdio>
#include <cstdlib>
#include <random>

static arma::mat points() { // 4 x 150, three groups
  std::mt19937 random(1);
  arma::mat x(4, 150);
  for (unsigned i = 0; i < 150; ++i)
    for (unsigned j = 0; j < 4; ++j) {
      double sum = -6; // of twelve uniform numbers: nearly normal
      for (int u = 0; u < 12; ++u)
        sum += random() / 4294967296.0;
      x(j, i) = sum + 3.0 * (i / 50) * (j + 1) / 2;
    }
  return x;
}

static arma::gmm_full start_of(const arma::mat &x) {
  arma::gmm_full model;
  model.reset(4, 3);
  arma::cube covariances(4, 4, 3);
  covariances.each_slice() = arma::mat(arma::cov(x.t(), 1));
  model.set_params(arma::mat(x.cols(arma::uvec{0, 60, 120})), covariances, arma::rowvec(3, arma::fill::value(1.0 / 3)));
  return model;
}

int main(int count, char **argument) {
  const arma::mat x = points() + std::atof(argument[1]);
  arma::gmm_full model = start_of(x);
  const arma::gmm_full start = model;
  if (count == 3) // EM, so many iterations, with a line for each
    return !model.learn(x, 3, arma::eucl_dist, arma::keep_existing, 0, std::atoi(argument[2]), 0, true);
  const bool worked = model.learn(x, 3, arma::eucl_dist, arma::keep_existing, 0, 1000, 0, false);
  const bool unchanged = arma::approx_equal(model.means, start.means, "absdiff", 0) && arma::approx_equal(model.fcovs, start.fcovs, "absdiff", 0) &&
                         arma::approx_equal(model.hefts, start.hefts, "absdiff", 0);
  arma::gmm_diag diagonal;
  diagonal.reset(4, 3);
  diagonal.set_params(start.means, arma::mat(4, 3, arma::fill::ones), start.hefts);
  const bool diagonal_worked = diagonal.learn(x, 3, arma::eucl_dist, arma::keep_existing, 0, 1000, 0, false);
  std::printf("gmm_full %d, %s, %.1f; gmm_diag %d\n", worked, unchanged ? "unchanged" : "fitted", model.sum_log_p(x), diagonal_worked);
  return 0;
}
EOF
for o in '' -fopenmp; do
  in_root g++-12 -O1 $o learn.cpp -o "learn$o" -L/usr/lib/x86_64-linux-gnu/blas -L/usr/lib/x86_64-linux-gnu/lapack -larmadillo -Wl,--allow-shlib-undefined || exit 2
done
check "as they are" "$(in_root ./learn 0)" 'gmm_full 1, fitted, -1045.0; gmm_diag 1'
check "1e4 added" "$(in_root ./learn 1e4)" 'gmm_full 1, fitted, -1045.0; gmm_diag 1'
check "1e8 added" "$(in_root ./learn 1e8 2>warnings.txt)" 'gmm_full 1, unchanged, -1180.3; gmm_diag 0'
check "what is warned of" "$(grep -v '^$' warnings.txt)" ''
printed() { in_root env OMP_NUM_THREADS="$2" "./learn$1" 0 20 | sed -n 's/.*avg_log_p: //p' | tail -1; }
check "printed after 20 iterations, no OpenMP" "$(printed '' 1)" -6.9941
check "OpenMP, one thread" "$(printed -fopenmp 1)" -6.9941
check "OpenMP, four threads" "$(printed -fopenmp 4)" -6.98928

exit $failed
