#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# mclust: what Mclust() returns for one component cannot be given to estep(): its modelName is XXX (XII, XXI, X), which cdens(), dens(), sim()
# and em() know, and estep() looks for a function estepXXX that does not exist. The same call works for two components,
# and with the name EEE for one.
# Seen: iris, 1 component: dens() sums to -379.9146, which is what em() has, estep() ends with: could not find function "estepXXX".
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
cat > estep.R <<'EOF'
suppressMessages(library(mclust))
data <- as.matrix(iris[, 1:4])
said <- function(call) tryCatch(sprintf("%.4f", call$loglik), error = function(e) conditionMessage(e))
for (G in 1:2) {
  fit <- Mclust(data, G, verbose = FALSE)
  cat("name", G, fit$modelName, "\n")
  cat("dens", G, sprintf("%.4f", sum(dens(data, fit$modelName, fit$parameters, logarithm = TRUE))), "\n")
  cat("estep", G, said(estep(data, fit$modelName, fit$parameters)), "\n")
  cat("em", G, said(em(data, fit$modelName, fit$parameters)), "\n")
  if (G == 1) cat("EEE", said(estep(data, "EEE", fit$parameters)), "\n")
}
EOF
in_root Rscript estep.R > said.txt || exit 2
line() { sed -n "s/^$1 //p" said.txt | sed 's/ *$//'; }
check "one component is called" "$(line 'name 1')" XXX
check "dens()" "$(line 'dens 1')" -379.9146
check "estep()" "$(line 'estep 1')" 'could not find function "estepXXX"'
check "em()" "$(line 'em 1')" -379.9146
check "estep() with the name EEE" "$(line EEE)" -379.9146
check "two components: name, dens(), estep()" "$(line 'name 2') $(line 'dens 2') $(line 'estep 2')" 'VEV -215.7260 -215.7260'

exit $failed
