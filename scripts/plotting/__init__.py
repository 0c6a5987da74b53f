# SPDX-License-Identifier: BSD-3-Clause
"""What plot.py and compare.py are made of. Needs numpy, h5py and matplotlib (Debian: python3-numpy, python3-h5py, python3-matplotlib)."""
