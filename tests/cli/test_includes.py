# SPDX-License-Identifier: BSD-3-Clause
"""scripts/check_includes.py finds what goes wrong with the rooms of src/: each fault is planted in a copy of it, and only that is reported."""

import os
import shutil
import subprocess
import sys
import unittest

import harness

SCRIPT = os.path.join(harness.SOURCE, "scripts", "check_includes.py")
SRC = os.path.join(harness.SOURCE, "src")


def check(folder):
    """The script's exit status and its complaints."""
    run = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True, check=False)
    return run.returncode, run.stderr.splitlines()


class Includes(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.before = check(SRC)[1]

    def setUp(self):
        super().setUp()
        self.copy = self.path("src")
        shutil.copytree(SRC, self.copy, ignore=shutil.ignore_patterns("*.in", "CMakeLists.txt"))

    def plant(self, file, included):
        """Adds an include to a file of the copy, which may be new: how the complaint names the place."""
        path = os.path.join(self.copy, file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "a", encoding="utf-8") as out:
            out.write(f'#include "{included}"\n')
        with open(path, encoding="utf-8") as text:
            return f"{file}:{len(text.readlines())}"

    def complains(self, *expected):
        status, complaints = check(self.copy)
        self.assertEqual(status, 1)
        self.assertEqual(sorted(set(complaints) - set(self.before)), sorted(expected))

    def test_src(self):
        self.assertEqual(check(SRC), (0, []))

    def test_a_room_below(self):
        place = self.plant("sources/columns.c", "points/shard.h")
        self.complains(f"{place}: sources may not include points/shard.h",
                       "these rooms include each other in a circle: points, sources")

    def test_in_angle_brackets(self):
        with open(os.path.join(self.copy, "apply/new.c"), "w", encoding="utf-8") as out:
            out.write("#include <em/state.h>\n#include <stdio.h>\n")
        self.complains("apply/new.c:1: apply may not include em/state.h")

    def test_a_room_above_that_is_not_for_it(self):
        place = self.plant("apply/new.c", "em/state.h")
        self.complains(f"{place}: apply may not include em/state.h")

    def test_a_circle_of_files(self):
        self.plant("support/first.c", "support/second.h")
        self.plant("support/second.h", "support/third.h")
        self.plant("support/third.c", "support/first.h")
        self.plant("support/first.h", "gmmpi/error.h")
        self.plant("support/third.h", "gmmpi/error.h")
        self.complains("these files include each other in a circle: support/first, support/second, support/third")

    def test_a_circle_of_rooms(self):
        """Of files that are not in one."""
        up = self.plant("support/first.c", "sources/second.h")
        self.plant("sources/second.h", "gmmpi/error.h")
        self.plant("points/third.c", "sources/second.h")
        further = self.plant("support/fourth.c", "points/fifth.h")
        self.plant("points/fifth.h", "gmmpi/error.h")
        self.complains(f"{up}: support may not include sources/second.h",
                       f"{further}: support may not include points/fifth.h",
                       "these rooms include each other in a circle: points, sources, support")

    def test_a_format_that_knows_another(self):
        other = self.plant("sources/npy/npy.c", "sources/csv/fields.h")
        table = self.plant("sources/npy/npy.c", "sources/kinds.h")
        self.complains(f"{other}: a format includes source.h and its own files only, not sources/csv/fields.h",
                       f"{table}: a format includes source.h and its own files only, not sources/kinds.h")

    def test_a_format_that_others_know(self):
        inside = self.plant("sources/columns.c", "sources/hdf5/find.h")
        outside = self.plant("cli/info.c", "sources/hdf5/find.h")
        self.complains(f"{inside}: only the table of kinds knows the formats, sources/columns includes sources/hdf5/find.h",
                       f"{outside}: only the table of kinds knows the formats, cli/info includes sources/hdf5/find.h")

    def test_a_file_and_a_room_that_are_not_there(self):
        place = self.plant("support/new.c", "support/nowhere.h")
        self.plant("attic/new.c", "support/error.h")
        self.complains(f"{place}: includes support/nowhere.h, which is not there", "attic/new: no room of this name is in the table")


if __name__ == "__main__":
    unittest.main()
