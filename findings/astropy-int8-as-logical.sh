#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# astropy writes a column of int8 to FITS as logicals (TFORM L), without a warning: every number but 0 becomes T, and the numbers are lost.
# FITS has no signed bytes, but int16 would hold them, as would unsigned bytes with TZERO = -128, which is the standard's way.
# Seen: 0 1 2 84 -5 as int8 comes back as False True True True True; the bytes of the file are 70 84 84 84 84; int16 comes back whole.
# Debian 12: python3-astropy 5.2.1-2+deb12u1. Recorded 2026-11-29.
packages=(python3-astropy=5.2.1-2+deb12u1)
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

cat > table.py <<'EOT'
import numpy as np, warnings
from astropy.table import Table
from astropy.io import fits

for kind in ('i1', 'i2'):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        Table({'a': np.array([0, 1, 2, 84, -5], kind)}).write('t.fits', overwrite=True)
        read = Table.read('t.fits')
    print(fits.getheader('t.fits', 1)['TFORM1'], *read['a'], len(caught))
    if kind == 'i1':
        print(*open('t.fits', 'rb').read()[5760:5765])
EOT
in_root python3 table.py > said.txt || exit 2
line() { sed -n "$1p" said.txt; }
check "int8 (TFORM, values, warnings)" "$(line 1)" 'L False True True True True 0'
check "its bytes in the file" "$(line 2)" '70 84 84 84 84'
check "int16" "$(line 3)" 'I 0 1 2 84 -5 0'

exit $failed
