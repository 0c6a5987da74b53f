#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# cfitsio writes float64 to an ASCII table with 18 digits (E26.17), enough for every number to come back as it was, and its own reading does
# not give the nearest double: the digits are gathered with a rounding at each and the power of ten is applied by a multiplication. Other
# readers of the same file get the exact numbers.
# Seen: of 2000 normal numbers 937 come back with other bits by fitsio (cfitsio), by up to 6.7e-16; none by Python's float() of the same text.
# Debian 12: python3-fitsio 1.1.8+dfsg-1+b4, libcfitsio10 4.2.0-3. Recorded 2026-11-29.
packages=(python3-fitsio=1.1.8+dfsg-1+b4 libcfitsio10=4.2.0-3)
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
import fitsio, numpy as np

x = np.random.default_rng(1).normal(size=2000)
with fitsio.FITS('t.fits', 'rw', clobber=True) as file:
    file.write(np.rec.fromarrays([x], names='x'), table_type='ascii')
header = fitsio.read_header('t.fits', 1)
width, rows = header['NAXIS1'], header['NAXIS2']
with open('t.fits', 'rb') as file:
    text = file.read()[5760:5760 + width * rows].decode()
exact = np.array([float(text[i:i + width]) for i in range(0, width * rows, width)])
read = fitsio.read('t.fits')['x']
print(header['TFORM1'], rows)
print((exact != x).sum())
print((read != x).sum(), '%.1e' % abs(read - x).max())
EOT
in_root python3 table.py > said.txt || exit 2
line() { sed -n "$1p" said.txt; }
check "format and rows" "$(line 1)" 'E26.17 2000'
check "other bits than written, float() of the text" "$(line 2)" 0
check "other bits than written, and by how much, cfitsio" "$(line 3)" '937 6.7e-16'

exit $failed
