#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# mclust: a conjugate prior (priorControl) is accepted by ten families, but some M-steps do not use parts of it, without a word.
# EII never uses the prior's scale: me() and mstep() give bit for bit the same covariances with a scale of 0.66 and of 1e6, so that 200
# identical points have no model (singular) even with a scale that the user gives. EEI never shrinks the means: with a shrinkage of 1e6 they
# are the means of the groups. EEV shrinks them in me() and not in mstep(), where the test of the shrinkage's sign is the other way
# round. VII, VVI, EEE and VVV use all of it.
# Seen: iris from its species, shrinkage 1e6: a mean is 2.296 away from the prior's with EEI, 1e-4 at most with EEE.
# Debian 12: r-cran-mclust 6.0.0-1. Recorded 2026-11-29.
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
cat > prior.R <<'EOF'
suppressMessages(library(mclust))
data <- as.matrix(iris[, 1:4])
z <- unmap(rep(1:3, each = 50))
me1 <- function(model, ...) suppressWarnings(me(data, model, z, prior = priorControl(...), control = emControl(itmax = 1)))
ms <- function(model, ...) mstep(data, model, z, prior = priorControl(...))
scale_of <- function(model, s) if (model %in% c("EII", "VII", "VVI")) s else diag(s, 4)
sigma <- function(fit) fit$parameters$variance$sigma
same <- function(model, step) identical(sigma(step(model, scale = scale_of(model, 0.66))), sigma(step(model, scale = scale_of(model, 1e6))))
distance <- function(fit) max(abs(fit$parameters$mean - colMeans(data)))
far <- function(model, step) distance(step(model, shrinkage = 1e6)) > 1
for (model in c("EII", "VII", "VVI", "EEE", "VVV")) cat("scale", model, same(model, me1), same(model, ms), "\n")
for (model in c("EEI", "EEV", "VII", "VVI", "EEE", "VVV")) cat("shrinkage", model, far(model, me1), far(model, ms), "\n")
points <- matrix(c(1, 2), 200, 2, byrow = TRUE)
for (model in c("EII", "VII")) cat("identical", model, is.na(me(points, model, matrix(1, 200, 1), prior = priorControl(scale = 1))$loglik), "\n")
cat("distance", distance(me1("EEI", shrinkage = 1e6)), distance(me1("EEE", shrinkage = 1e6)), "\n")
EOF
in_root Rscript prior.R > said.txt || exit 2
line() { sed -n "s/^$1 //p" said.txt | sed 's/ *$//'; }
check "EII: same covariances with scale 0.66 and 1e6 (me, mstep)" "$(line 'scale EII')" 'TRUE TRUE'
for m in VII VVI EEE VVV; do check "$m: the same" "$(line "scale $m")" 'FALSE FALSE'; done
check "EEI: shrinkage 1e6 leaves means far from the prior's (me, mstep)" "$(line 'shrinkage EEI')" 'TRUE TRUE'
check "EEV: the same" "$(line 'shrinkage EEV')" 'FALSE TRUE'
for m in VII VVI EEE VVV; do check "$m: the same" "$(line "shrinkage $m")" 'FALSE FALSE'; done
check "EII: 200 identical points, scale 1: no model" "$(line 'identical EII')" TRUE
check "VII: the same" "$(line 'identical VII')" FALSE
echo "largest distance of a mean from the prior's, EEI and EEE: $(line distance)"

exit $failed
