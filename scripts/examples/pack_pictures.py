#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Copies pictures for a page: pack_pictures.py FOLDER NAME PICTURE.png... writes FOLDER/NAME-PICTURE.png with 128 colours, a third of the
bytes. A picture that is larger than 150 kB even so is an error."""

import os
import sys

from shared import plt  # noqa: F401  (a Python that has the libraries; Pillow is one that matplotlib needs)
from PIL import Image

LARGEST = 150000


def main():
    folder, name = sys.argv[1:3]
    for path in sys.argv[3:]:
        target = os.path.join(folder, "%s-%s" % (name, os.path.basename(path)))
        picture = Image.open(path).convert("RGB")
        picture.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(target, optimize=True)
        if os.path.getsize(target) > LARGEST:
            sys.exit("%s: %d bytes are too many for a page; draw fewer points" % (target, os.path.getsize(target)))


main()
