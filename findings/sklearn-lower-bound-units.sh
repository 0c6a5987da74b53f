#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# scikit-learn's BayesianGaussianMixture: lower_bound_ is the variational bound without its constants, and these depend on the number of
# components through the scale of the prior. So the units of the data decide which number of components has the highest lower_bound_,
# although the fits are the same (same labels, parameters scaled): each component moves it by another multiple of log(units). The whole bound of
# the log evidence (Bishop 2006, 10.70 to 10.77) moves by n d log(units) for every number of components, as it must.
# Seen: sepals of iris, K = 1 and 2: lower_bound_ -3.70 and 21.44 in cm, -2103.65 and -2106.14 in units of 10 um; the whole bound prefers
# K = 2 by 21.13 in both.
# Debian 12: python3-sklearn 1.2.1+dfsg-1. Recorded 2026-11-29.
packages=(python3-sklearn=1.2.1+dfsg-1)
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

cat > bound.py <<'EOF'
import warnings
import numpy as np
from scipy.special import digamma, gammaln, multigammaln
from sklearn.datasets import load_iris
from sklearn.mixture import BayesianGaussianMixture

warnings.simplefilter('ignore')
iris = load_iris().data[:, :2]

def log_b(log_det, v, d):
    return -0.5 * v * log_det - 0.5 * v * d * np.log(2) - multigammaln(0.5 * v, d)

def whole(m, x):
    """The bound with all constants: Dirichlet prior, full covariances."""
    d, k = x.shape[1], len(m.means_)
    log_r = m._estimate_log_prob_resp(x)[1]
    r, nu, nu0 = np.exp(log_r), m.degrees_of_freedom_, m.degrees_of_freedom_prior_
    a, a0, beta, beta0 = m.weight_concentration_, m.weight_concentration_prior_, m.mean_precision_, m.mean_precision_prior_
    w, w0 = m.precisions_ / nu[:, None, None], np.linalg.inv(m.covariance_prior_)
    log_det = np.linalg.slogdet(w)[1]
    e_pi, e_det = digamma(a) - digamma(a.sum()), digamma(0.5 * (nu[:, None] - np.arange(d))).sum(1) + d * np.log(2) + log_det
    total = gammaln(a0 * k) - k * gammaln(a0) - gammaln(a.sum()) + gammaln(a).sum() + ((a0 - a) * e_pi).sum()
    for j in range(k):
        y, o = x - m.means_[j], m.means_[j] - m.mean_prior_
        square = np.einsum('ij,jk,ik->i', y, w[j], y)
        total += (r[:, j] * (0.5 * (e_det[j] - d / beta[j] - nu[j] * square - d * np.log(2 * np.pi)) + e_pi[j] - log_r[:, j])).sum()
        total += 0.5 * (d * np.log(beta0 / beta[j]) + d - d * beta0 / beta[j] - beta0 * nu[j] * o @ w[j] @ o)
        total += log_b(np.linalg.slogdet(w0)[1], nu0, d) - log_b(log_det[j], nu[j], d) + 0.5 * (nu0 - nu[j]) * e_det[j]
        total += 0.5 * nu[j] * (d - np.trace(np.linalg.solve(w0, w[j])))
    return total

def fit(k, units):
    x = iris * units
    fits = [BayesianGaussianMixture(n_components=k, weight_concentration_prior_type='dirichlet_distribution', weight_concentration_prior=1, tol=1e-10,
                                    max_iter=100000, reg_covar=1e-12 * units**2, random_state=s).fit(x) for s in range(5)]
    best = max(fits, key=lambda m: whole(m, x))
    return best.lower_bound_, whole(best, x) + x.size * np.log(units), best.predict(x)

cm, same = [fit(k, 1) for k in (1, 2)], True
for units in (1, 1000):
    now = [fit(k, units) for k in (1, 2)]
    same &= all(len(set(zip(a[2], b[2]))) == len(set(a[2])) == k for k, a, b in zip((1, 2), cm, now))
    print(f'lower_bound_ {now[0][0]:.2f} {now[1][0]:.2f}, whole {now[1][1] - now[0][1]:.2f} more for K = 2')
print('same partitions', same)
EOF
in_root python3 bound.py > said.txt || exit 2
check "K = 1 and 2, cm" "$(sed -n 1p said.txt)" 'lower_bound_ -3.70 21.44, whole 21.13 more for K = 2'
check "K = 1 and 2, 10 um" "$(sed -n 2p said.txt)" 'lower_bound_ -2103.65 -2106.14, whole 21.13 more for K = 2'
check "in both units" "$(sed -n 3p said.txt)" 'same partitions True'

exit $failed
