#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# mclust: a model with a noise component can be fitted, predicted from and plotted, but what is computed from it afterwards stops.
# MclustBootstrap of both of its resampling types ends in "number of items to replace is not a multiple of replacement length", and
# clustCombi in "non-conformable arguments": neither counts on the noise's proportion and its column of z. Their manual pages do not
# mention noise, and the same points without it go through.
# Seen: Old Faithful with 40 uniform points, VVV, 2 components, initialization noise: 3 proportions for 2 components, all three calls stop.
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
cat > noise.R <<'EOF'
suppressMessages(library(mclust))
set.seed(1)
data <- rbind(as.matrix(faithful), cbind(runif(40, 1, 6), runif(40, 30, 110)))
fit <- function(...) Mclust(data, G = 2, modelNames = "VVV", verbose = FALSE, ...)
said <- function(call) { r <- try(call, silent = TRUE); if (inherits(r, "try-error")) conditionMessage(attr(r, "condition")) else "done" }
noisy <- fit(initialization = list(noise = 273:312))
plain <- fit()
cat("proportions", noisy$G, length(noisy$parameters$pro), "\n")
for (m in list(list("noise", noisy), list("plain", plain))) {
  for (type in c("bs", "wlbs")) cat(m[[1]], type, said(MclustBootstrap(m[[2]], nboot = 5, type = type, verbose = FALSE)), "\n")
  cat(m[[1]], "clustCombi", said(clustCombi(m[[2]])), "\n")
}
EOF
in_root Rscript noise.R > said.txt || exit 2
line() { sed -n "s/^$1 //p" said.txt | sed 's/ *$//'; }
check "components and proportions" "$(line proportions)" '2 3'
for t in bs wlbs; do
  check "MclustBootstrap, $t, with noise" "$(line "noise $t")" 'number of items to replace is not a multiple of replacement length'
  check "without" "$(line "plain $t")" done
done
check "clustCombi, with noise" "$(line 'noise clustCombi')" 'non-conformable arguments'
check "without" "$(line 'plain clustCombi')" done

exit $failed
