#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# mclust: the log-likelihood, BIC and memberships (z) that Mclust() returns belong to the parameters that it returns in some fits and not in
# others. me() ends with an E-step, so all of it belongs together. Mclust() then makes one more M-step where the mixing proportions still
# differ from the means of z (sum of squares above 1.5e-8), and replaces the parameters alone. With the same call one family is consistent
# and the next is not. With a prior it can be more than one step: mstep() divides by other numbers than me() (EVI:
# n + dof + 2 + G against n + dof + 2), so the parameters returned are not those of the iteration that converged.
# Seen: iris, three components: VVV reports -180.1858 and its parameters have -180.1856, VEV has no difference; with the default prior EVI
# reports -342.256 and its parameters have -341.825, where the same M-step by me() gives -342.255.
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
cat > step.R <<'EOF'
suppressMessages(library(mclust))
data <- as.matrix(iris[, 1:4])
show <- function(model, prior) {
  fit <- Mclust(data, 3, model, prior = prior, verbose = FALSE)
  again <- estep(data, model, fit$parameters)
  cat(sprintf("%s %.4f %.4f z %s\n", model, fit$loglik, again$loglik, if (max(abs(again$z - fit$z)) > 1e-4) "other" else "same"))
  fit
}
for (model in c("VVV", "EEE", "VEV")) invisible(show(model, NULL))
fit <- show("EVI", priorControl())
by_me <- suppressWarnings(me(data, "EVI", fit$z, prior = priorControl(), control = emControl(itmax = 1)))
by_mstep <- mstep(data, "EVI", fit$z, prior = priorControl())
sigma <- function(fit) fit$parameters$variance$sigma
dof <- 4 + 2
cat(sprintf("me %.4f, its variances are larger by %.6f = %.6f, those of mstep are the fit's: %s\n", by_me$loglik, sigma(by_me)[1, 1, 1] / sigma(by_mstep)[1, 1, 1],
            (150 + dof + 2 + 3) / (150 + dof + 2), isTRUE(all.equal(sigma(by_mstep), sigma(fit), check.attributes = FALSE))))
EOF
in_root Rscript step.R > said.txt || exit 2
line() { sed -n "$1p" said.txt; }
check "VVV: reported, of the parameters, memberships" "$(line 1)" 'VVV -180.1858 -180.1856 z other'
check "EEE: the same" "$(line 2)" 'EEE -256.3547 -256.3543 z other'
check "VEV: the same" "$(line 3)" 'VEV -186.0740 -186.0740 z same'
check "EVI with the default prior: the same" "$(line 4)" 'EVI -342.2560 -341.8251 z other'
check "an M-step from the fit's z" "$(line 5)" 'me -342.2548, its variances are larger by 1.018987 = 1.018987, those of mstep are the fit'"'"'s: TRUE'

exit $failed
