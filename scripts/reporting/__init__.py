# SPDX-License-Identifier: BSD-3-Clause
"""What report.py is made of: one page of HTML about a model. Pictures are those of plotting. Needs numpy, h5py and matplotlib."""
