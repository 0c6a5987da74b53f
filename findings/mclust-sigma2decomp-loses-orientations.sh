#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# mclust: sigma2decomp() takes different orientations for one and returns the first alone. It asks whether any axis of a covariance is
# correlated (cor()^2) with one of the first covariance's: two numbers are always correlated with +-1, so in two dimensions all orientations
# are equal; in more dimensions one axis in common is enough. The model's name is wrong with it (VVV is called VVI), and decomp2sigma() of the
# result is another set of covariances, without a warning.
# Seen: Old Faithful, VVV, 2 components: called VVI, decomp2sigma() differs by 0.4434 (the covariance of waiting and eruptions in the second
# component is 0.4363, and comes back as 0.8797). Two covariances in three dimensions that share the third axis: EEI, differs by 0.8660. Three
# dimensions without a common axis: comes back.
# Debian 12: r-cran-mclust 6.0.0-1. Recorded 2026-11-30.
packages=(r-cran-mclust=6.0.0-1)
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

# What the packages' installation scripts, which are not run, would do:
cp usr/lib/R/etc/Renviron.ucf etc/R/Renviron; ln -s which.debianutils usr/bin/which
cat > decomp.R <<'EOF'
suppressMessages(library(mclust))
show <- function(name, sigma) {
  decomposed <- sigma2decomp(sigma)
  back <- do.call(decomp2sigma, decomposed)
  cat(name, decomposed$modelName, paste(dim(decomposed$orientation), collapse = "x"), sprintf("%.4f", max(abs(back - sigma))), "\n")
  back
}
R <- diag(3)
R[1:2, 1:2] <- c(cos(pi / 6), sin(pi / 6), -sin(pi / 6), cos(pi / 6))
A <- diag(c(4, 2, 1))
q <- qr.Q(qr(matrix(c(1, 2, 3, 4, 5, 7, 1, 0, 2), 3)))
fit <- Mclust(faithful, 2, "VVV", verbose = FALSE)
sigma <- fit$parameters$variance$sigma
back <- show("faithful", sigma)
cat(sprintf("covariances %.4f %.4f, back %.4f %.4f\n", sigma[1, 2, 1], sigma[1, 2, 2], back[1, 2, 1], back[1, 2, 2]))
invisible(show("shared", array(c(A, R %*% A %*% t(R)), c(3, 3, 2))))
invisible(show("none", array(c(A, q %*% A %*% t(q)), c(3, 3, 2))))
EOF
in_root Rscript decomp.R > said.txt || exit 2
line() { sed -n "s/^$1 //p" said.txt | sed 's/ *$//'; }
check "Old Faithful, VVV: called, dimensions of orientation, difference" "$(line faithful)" 'VVI 2x2 0.4434'
check "off the diagonals" "$(line covariances)" '0.9387 0.4363, back 0.9387 0.8797'
check "three dimensions, one axis in common" "$(line shared)" 'EEI 3x3 0.8660'
check "three dimensions, none in common" "$(line none)" 'EEV 3x3x2 0.0000'

exit $failed
