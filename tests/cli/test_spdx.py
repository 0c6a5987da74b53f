# SPDX-License-Identifier: BSD-3-Clause
"""scripts/check_spdx.py finds files of code that do not say under which licence they are, and adds the line where it belongs."""

import os
import subprocess
import sys
import unittest

import harness

SCRIPT = os.path.join(harness.SOURCE, "scripts", "check_spdx.py")
LICENCE = "SPDX-License-Identifier: BSD-3-Clause"


class Licences(harness.Case):
    def check(self, *options):
        """The script's exit status and its complaints about the files of this test."""
        run = subprocess.run([sys.executable, SCRIPT, *options, self.folder], capture_output=True, text=True, check=False)
        return run.returncode, run.stderr.splitlines()

    def code(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        return self.write(name, text)

    def test_each_kind_of_file_gets_its_line(self):
        files = {  # what is there, what it becomes
            "src/em/one.c": ("/* What it is for. */\n", f"/* {LICENCE} */\n/* What it is for. */\n"),
            "include/two.h": ("#ifndef TWO_H\n#endif\n", f"/* {LICENCE} */\n#ifndef TWO_H\n#endif\n"),
            "scripts/three.py": ('#!/usr/bin/env python3\n"""Text."""\n', f'#!/usr/bin/env python3\n# {LICENCE}\n"""Text."""\n'),
            "scripts/four.sh": ("# Sourced.\n", f"# {LICENCE}\n# Sourced.\n"),
            "scripts/five.cpp": ("int five;\n", f"// {LICENCE}\nint five;\n"),
            "jobs/six.slurm": ("#!/bin/bash\n#SBATCH -n 2\n", f"#!/bin/bash\n# {LICENCE}\n#SBATCH -n 2\n"),
            ".ci/run": ("#!/bin/bash\n", f"#!/bin/bash\n# {LICENCE}\n"),
            "CMakeLists.txt": ("project(x)\n", f"# {LICENCE}\nproject(x)\n"),
            "tests/unit/empty.c": ("", f"/* {LICENCE} */\n"),
        }
        others = {"tests/fuzz/corpus/csv/seed.c": "1,2\n", "data/points.csv": "1,2\n", "README.md": "Text.\n"}
        for name, (before, _) in files.items():
            self.code(name, before)
        for name, text in others.items():
            self.code(name, text)
        os.chmod(self.path("scripts/three.py"), 0o755)

        status, complaints = self.check()
        self.assertEqual(status, 1)
        self.assertEqual(sorted(line.split(":")[0] for line in complaints), sorted(files))
        self.assertEqual(self.check("--fix"), (0, []))
        self.assertEqual(self.check("--fix"), (0, []))  # nothing is added twice
        self.assertEqual(self.check(), (0, []))
        for name, text in [(name, after) for name, (_, after) in files.items()] + list(others.items()):
            self.assertEqual(self.bytes_of(name).decode(), text, name)
        self.assertTrue(os.access(self.path("scripts/three.py"), os.X_OK))

    def complains(self, text, pattern):
        """Of one file, which --fix then leaves as it is."""
        self.code("src/one.c", text)
        for options in [], ["--fix"]:
            status, complaints = self.check(*options)
            self.assertEqual((status, len(complaints)), (1, 1))
            self.assertRegex(complaints[0], f"^src/one.c: {pattern}")
        self.assertEqual(self.bytes_of("src/one.c").decode(), text)

    def test_another_licence(self):
        self.complains("/* SPDX-License-Identifier: MIT */\n", "line 1 should be")

    def test_a_line_too_far_down(self):
        self.complains(f"int one;\n/* {LICENCE} */\n", "names its licence on line 2")

    def test_two_lines(self):
        self.complains(f"/* {LICENCE} */\n/* {LICENCE} */\n", "has 2 lines")


if __name__ == "__main__":
    unittest.main()
