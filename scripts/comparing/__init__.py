# SPDX-License-Identifier: BSD-3-Clause
"""What compare_optima.py, compare_hard.py, compare_passes.py and compare_select.py are made of, and with build_*.py compare_bits.py. Needs numpy and
h5py (Debian: python3-numpy, python3-h5py); the peer is scikit-learn (python3-sklearn)."""
