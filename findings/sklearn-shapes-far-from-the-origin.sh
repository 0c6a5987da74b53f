#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# scikit-learn's GaussianMixture: data far from the origin (times, coordinates) are fitted with 'full' covariances, and not with the simpler
# shapes: these subtract squares of means from means of squares, 'full' sums squares about the means. With the same points moved by 1e6 the others
# do not converge, by 1e7 they end with "ill-defined empirical covariance ... singleton or collapsed samples ... decrease the number of components",
# which is not what is wrong. (Issue 30382 has float32 points alone; these are float64.)
# Seen: iris, three components: full -180.1855 at 0, 1e6 and 1e7; diag -307.1776, -307.46 without convergence in 1000 iterations, ValueError.
# Debian 12: python3-sklearn 1.2.1+dfsg-1. Recorded 2026-11-30.
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

cat > far.py <<'EOF'
import warnings

from sklearn.datasets import load_iris
from sklearn.mixture import GaussianMixture

warnings.simplefilter("ignore")
points = load_iris().data
for shape in "full", "tied", "diag", "spherical":
    for shift in 0, 1e6, 1e7:
        try:
            mixture = GaussianMixture(3, covariance_type=shape, tol=1e-9, max_iter=1000, random_state=0).fit(points + shift)
            said = ("%.2f " % (150 * mixture.score(points + shift)) if shift != 1e6 or shape == "full" else "") + ("converged" if mixture.converged_ else "not converged")
        except ValueError as error:
            said = " ".join(str(error).split()[:12])
        print(shape, "%g" % shift, said)
EOF
in_root python3 far.py > said.txt || exit 2
line() { sed -n "s/^$1 //p" said.txt; }
for s in 0 1e+06 1e+07; do check "full, moved by $s" "$(line "full $s")" '-180.19 converged'; done
check "tied" "$(line 'tied 0')" '-256.35 converged'
check "diag" "$(line 'diag 0')" '-307.18 converged'
check "spherical" "$(line 'spherical 0')" '-384.31 converged'
for t in tied diag spherical; do
  check "$t, moved by 1e6" "$(line "$t 1e+06")" 'not converged'
  check "$t, moved by 1e7" "$(line "$t 1e+07")" 'Fitting the mixture model failed because some components have ill-defined empirical covariance'
done

exit $failed
