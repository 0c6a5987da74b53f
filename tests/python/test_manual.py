# SPDX-License-Identifier: BSD-3-Clause
"""Every block of code in docs/python.md, one after the other, as a reader would type them."""

import ast
import contextlib
import importlib.util
import io
import os
import re
import sys
import unittest
import warnings

import harness
import package

PAGE = os.path.join(harness.SOURCE, "docs", "python.md")


def blocks():
    """The page's indented blocks, each with the number of its first line."""
    found = []
    with open(PAGE, encoding="utf-8") as file:
        lines = file.read().splitlines() + [""]
    begin = None
    for i, line in enumerate(lines):
        if line.startswith("    ") and begin is None and lines[i - 1] == "":
            begin = i
        elif begin is not None and line and not line.startswith("    "):
            found.append((begin + 1, "\n".join(one[4:] for one in lines[begin:i]).strip() + "\n"))
            begin = None
    return found


def is_python(text):
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


class Manual(package.Case):
    def test_all_blocks(self):
        programs = [block for block in blocks() if "import MPI" in block[1]]
        typed = [block for block in blocks() if is_python(block[1]) and block not in programs]
        rest = [text for _, text in blocks() if not is_python(text)]
        self.assertEqual((len(typed), len(programs)), (6, 1))
        self.assertTrue(all(re.match(r"export |PYTHONPATH=", text) for text in rest), rest)
        before = os.getcwd()
        os.chdir(self.folder)
        self.addCleanup(os.chdir, before)
        names = {}
        for line, text in typed:
            with self.subTest(line=line), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                exec(compile(text, "docs/python.md:%d" % line, "exec"), names)
        self.assertEqual(len(names["own"].weights_), 3)
        self.assertTrue(os.path.exists("points.npy"))
        if importlib.util.find_spec("mpi4py") is None:
            self.skipTest("mpi4py is not installed (package python3-mpi4py)")
        with open("program.py", "w", encoding="utf-8") as file:
            file.write(programs[0][1])
        os.remove("model.h5")
        run = harness.subprocess.run(harness.mpirun(2) + [sys.executable, "-B", "program.py"], capture_output=True, text=True)
        self.assertEqual((run.returncode, run.stdout), (0, ""), run.stderr)
        self.assertTrue(os.path.exists("model.h5"))


if __name__ == "__main__":
    unittest.main()
