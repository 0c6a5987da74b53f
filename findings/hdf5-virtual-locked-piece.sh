#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# An HDF5 virtual data set joins data sets of several files. While another process has one of these files open for writing (which HDF5 locks
# by flock), reading the virtual data set succeeds and delivers the fill value, 0, for that file's rows: no error and no warning from h5py,
# h5dump or h5repack, which stores the zeros for good. Opening the locked file itself fails with "unable to lock file". That a file that is
# missing reads as the fill value is documented; this one is there. h5py.File(..., locking=False) does not help: with it the locked file
# itself can be read, but through the virtual data set its rows are still 0. Only HDF5_USE_FILE_LOCKING=FALSE in the environment helps.
# Seen: rows 1 1 0 0 3 3 instead of 1 1 2 2 3 3, status 0 each time; with the variable, or once the writer has closed the file: 1 1 2 2 3 3.
# Debian 12: python3-h5py 3.7.0-8, hdf5-tools and libhdf5 1.10.8+repack1-1. Recorded 2026-11-29.
packages=(python3-h5py=3.7.0-8 hdf5-tools=1.10.8+repack1-1 libhdf5-103-1=1.10.8+repack1-1)
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

cat > make.py <<'EOF'
import h5py, numpy as np
rows = h5py.VirtualLayout((6, 2), 'f8')
for i in range(3):
    with h5py.File(f'part{i}.h5', 'w') as f:
        f['x'] = np.full((2, 2), i + 1.0)
    rows[2 * i:2 * i + 2] = h5py.VirtualSource(f'part{i}.h5', 'x', (2, 2))
with h5py.File('all.h5', 'w') as f:
    f.create_virtual_dataset('x', rows)
EOF
cat > writer.py <<'EOF'
import h5py, sys
with h5py.File('part1.h5', 'r+'):
    print('open', flush=True)
    sys.stdin.read()
EOF
cat > read.py <<'EOF'
import h5py, sys
try:
    with h5py.File(sys.argv[1], 'r', locking={'default': None, 'off': False}[sys.argv[2]]) as f:
        print(*f['x'][:, 0].astype(int))
except OSError as e:
    print(e)
EOF
by_h5py() { in_root env "${setting[@]}" python3 read.py "$@" 2>&1; }
by_h5dump() { in_root env "${setting[@]}" h5dump -d /x -s 0,0 -c 6,1 all.h5 2>&1 | sed -n 's/^ *([0-9]*,0): \([^,]*\),*/\1/p' | xargs; }

setting=()
in_root python3 make.py || exit 2
check "before the writer: h5py, all.h5" "$(by_h5py all.h5 default)" '1 1 2 2 3 3'

coproc WRITER { in_root python3 writer.py; }
writer=$WRITER_PID
read -r answer <&"${WRITER[0]}" && [ "$answer" = open ] || exit 2
check "the locked file itself: h5py" "$(by_h5py part1.h5 default | grep -o 'unable to lock file, errno = 11')" 'unable to lock file, errno = 11'
check "the locked file itself: h5dump" "$(in_root h5dump part1.h5 2>&1)" 'h5dump error: unable to open file "part1.h5"'
check "all.h5: h5py" "$(by_h5py all.h5 default)" '1 1 0 0 3 3'
check "all.h5: h5dump" "$(by_h5dump)" '1 1 0 0 3 3'
in_root h5dump -d /x all.h5 > /dev/null 2> said.txt
check "all.h5: h5dump's status and what it says" "$? $(cat said.txt)" '0 '
in_root h5repack -l x:CONTI all.h5 copy.h5 > said.txt 2>&1
check "all.h5: h5repack's status and what it says" "$? $(cat said.txt)" '0 '
check "locking=False, the locked file itself: h5py" "$(by_h5py part1.h5 off)" '2 2'
check "locking=False, all.h5: h5py" "$(by_h5py all.h5 off)" '1 1 0 0 3 3'
setting=(HDF5_USE_FILE_LOCKING=FALSE)
check "HDF5_USE_FILE_LOCKING=FALSE, all.h5: h5py" "$(by_h5py all.h5 default)" '1 1 2 2 3 3'
check "HDF5_USE_FILE_LOCKING=FALSE, all.h5: h5dump" "$(by_h5dump)" '1 1 2 2 3 3'
setting=()
eval "exec ${WRITER[1]}>&-"
wait "$writer"
check "after the writer: h5py, all.h5" "$(by_h5py all.h5 default)" '1 1 2 2 3 3'
check "after the writer: h5py, what h5repack made of all.h5" "$(by_h5py copy.h5 default)" '1 1 0 0 3 3'

exit $failed
