#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# own_session.sh COMMAND...: runs mpirun with a folder of its own for Open MPI's session. Launches that share one find it being made
# or removed. The path is short, as sockets in it must be.
folder=$(mktemp -d /tmp/gm-XXXXXX) || exit 1
trap 'rm -rf "$folder"' EXIT
OMPI_MCA_orte_tmpdir_base=$folder "$@"
