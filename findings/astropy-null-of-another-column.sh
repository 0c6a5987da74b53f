#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# astropy writes a table to FITS: as soon as any column has a masked value, every integer column gets a null (TNULL) that is a fixed number by
# its type, 63, 16959 or 999999, whether it has masked values or not, and whether or not the number occurs. Values that are equal to it
# are masked when the table is read, by astropy and by all that keep to the standard. There is no warning. Without a masked value anywhere
# in the table, the same column comes back whole; what decides is another column.
# Seen: 60 61 62 63 64 65 as uint8 comes back as 60 61 62 -- 64 65, likewise 16959 as int16 and 999999 as int32; status 0, nothing said.
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
from astropy.table import Table, MaskedColumn

def back(values, kind, *mask):
    table = Table({'a': np.array(values, kind)})
    if mask:
        table['b'] = MaskedColumn([1.0] * len(values), mask=list(mask) + [False] * (len(values) - len(mask)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        table.write('t.fits', overwrite=True)
        read = Table.read('t.fits')
    return ' '.join(str(value) for value in read['a']), len(caught)

for values, kind in (([60, 61, 62, 63, 64, 65], 'u1'), ([16958, 16959, 16960], 'i2'), ([999998, 999999, 1000000], 'i4')):
    for mask in ((), (True,)):
        print(*back(values, kind, *mask))
EOT
in_root python3 table.py > said.txt || exit 2
line() { sed -n "$1p" said.txt; }
check "uint8, nothing masked (values, warnings)" "$(line 1)" '60 61 62 63 64 65 0'
check "uint8, a value of another column masked" "$(line 2)" '60 61 62 -- 64 65 0'
check "int16, nothing masked" "$(line 3)" '16958 16959 16960 0'
check "int16, a value of another column masked" "$(line 4)" '16958 -- 16960 0'
check "int32, nothing masked" "$(line 5)" '999998 999999 1000000 0'
check "int32, a value of another column masked" "$(line 6)" '999998 -- 1000000 0'

exit $failed
