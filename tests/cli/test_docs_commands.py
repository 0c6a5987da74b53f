# SPDX-License-Identifier: BSD-3-Clause
"""The commands that README and the pages of the manual show are run as they stand, page by page, with small files of the names that
the pages use; what they are shown to print they print. Blocks of Python are run, too.

A word in capitals (DATA, MODEL.h5) stands for a file, and is replaced. What is not here has a stand-in or is left out; both are listed
below with the reason."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unittest

import h5py
import numpy

import harness

# Pages whose blocks another test runs.
ELSEWHERE = {
    "docs/install.md": "builds and installs: CI does",
    "docs/library.md": "outside.test_outside compiles and runs its program",
    "docs/python.md": "tests/python",
    "docs/r.md": "cli.test_r, where R is",
    "docs/from-mclust.md": "cli.test_r, where R is",
    "docs/from-scikit-learn.md": "cli.test_other_programs",
    "docs/from-spark.md": "cli.test_other_programs",
}
# Lines that are not run.
LEFT_OUT = {
    r"^\./scripts/(quickstart|test)\.sh": "installs packages and builds: CI does",
    r"^cmake ": "builds and installs: CI does",
    r"^(sudo |apt|spack |eb |apptainer |module )": "changes the machine, or needs what is not here",
}
# Programs that are not the real ones.
STAND_INS = {
    "mpirun": ("as many ranks as a page has would take long here: two", None),
    "srun": ("there is no SLURM: the program is run alone; tests/slurm has the real one",
             'while [ "${1#-}" != "$1" ]; do case $1 in -n|-N) shift;; esac; shift; done; exec "$@"'),
    "sbatch": ("there is no SLURM; tests/slurm submits the scripts", '[ -r "$1" ] && bash -n "$1" && echo "Submitted batch job 17"'),
    "squeue": ("there is no SLURM", 'echo 1:00:00'),
    "qsub": ("there is no PBS", '[ -r "$1" ] && bash -n "$1" && echo 17.server'),
    "chromium": ("a browser is large, and does the same with any page", '[ -r "${*: -1}" ]'),
    "bsub": ("there is no LSF", 'bash -n && echo "Job <17> is submitted"'),
}
# What words in capitals stand for, and what is made smaller.
REPLACED = [(r"\[(-|options|,D)[^\]]*\]", ""), (r"\bDATA\b", "points.csv"), (r"\bMODEL\.h5\b", "model.h5"), (r"\bOUT\.h5\b", "out.h5"), (r"-o OUT\b", "-o out.csv"),
            (r"\bLIST\b", "A,B"), (r"-k K\b", "-k 3"), (r"-n N\b", "-n 100"), (r"\bFILE\.\.\.", "points.csv"), (r"-k 64\b", "-k 4"), (r"points.csv -k 1:9", "points.csv -k 1:3"),
            (r"\b1000000\b", "20000"), (r"\(200, 200, 200\)", "(8, 8, 8)"), (r"\b5000\b", "500")]
# Blocks that are neither commands nor Python: what a command prints, or the content of a file.
SHOWN = {
    ("README.md", "5 components, full covariances"): "printed",
    ("docs/bootstrap.md", "model.h5: 2 components"): "printed",
    ("docs/select.md", "gmmpi warning: BIC prefers"): "printed",
    ("docs/weights.md", "x,count"): "histogram.csv",
    ("docs/scripts.md", "\u2588"): "a line while it runs",
}

COMMAND = re.compile(r"^(\./scripts/|scripts/|gmmpi |mpirun |srun |sbatch |qsub |bsub |chromium |cmp |cmake |cp |export |python3 |PATH=|awk |for )")


def pages():
    """README and the pages, from the source on."""
    docs = [os.path.join("docs", name) for name in sorted(os.listdir(os.path.join(harness.SOURCE, "docs"))) if name.endswith(".md")]
    return [page for page in ["README.md"] + docs + ["jobs/README.md"] if page not in ELSEWHERE]


def blocks(page):
    """The blocks of code of a page: those that are indented by four blanks, and fenced ones."""
    with open(os.path.join(harness.SOURCE, page), encoding="utf-8") as file:
        text = file.read()
    found, block, fence = [], [], False
    for line in text.splitlines() + ["end"]:
        if line.startswith("```"):
            fence = not fence
        elif fence or line.startswith("    ") or (block and not line.strip()):
            block.append(line if fence else line[4:])
            continue
        while block and not block[-1].strip():
            block.pop()
        if block:
            found.append(textwrap.dedent("\n".join(block)))
        block = []
    return found


def parts(block):
    """A block in which Python, commands and what they print may stand one below the other, with an empty line between them."""
    if not block.startswith(("python3 - <<",)) and COMMAND.match(block):
        return [piece for piece in re.split(r"\n\n(?=\S)", block) if piece]
    return [block]


def is_python(block):
    """Formulas are not: they have signs and spaces that Python does not take."""
    try:
        compile(block, "block", "exec")
    except SyntaxError:
        return False
    return True


class Commands(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = tempfile.mkdtemp(prefix="gmmpi docs ")
        cls.addClassCleanup(shutil.rmtree, cls.files, ignore_errors=True)
        cls.make_files()
        cls.make_programs()

    @classmethod
    def make_files(cls):
        """Small files of the names that pages use."""
        def path(name):
            return os.path.join(cls.files, name)

        generator = numpy.random.default_rng(3)
        clusters = generator.integers(3, size=240)
        points = generator.normal(size=(240, 3)) + 4.0 * numpy.array([[0, 0, 0], [1, 1, 0], [0, 1, 1]])[clusters]
        whole = generator.integers(1, 4, size=(240, 4))
        cls.points = numpy.c_[points, whole]
        header = "A,B,C,count,class,cell,station"
        for name in ("points.csv", "new.csv"):
            numpy.savetxt(path(name), numpy.c_[points, whole], delimiter=",", header=header, comments="", fmt="%.6g")
        for name in ("points.h5", "new.h5"):
            with h5py.File(path(name), "w") as file:
                file["points"] = points
                file["points"].attrs["feature_names"] = ["A", "B", "C"]
        for name in ("cells.h5", "more.h5"):
            with h5py.File(path(name), "w") as file:
                file["points"] = numpy.c_[points, whole[:, 2]]
                file["points"].attrs["feature_names"] = ["A", "B", "C", "cell"]
        with open(os.path.join(harness.SOURCE, "data", "iris.csv"), encoding="utf-8") as file:
            rows = file.read().splitlines(True)
        with open(path("versicolor.csv"), "w", encoding="utf-8") as file:
            file.writelines(rows[:1] + [row for row in rows if "versicolor" in row])
        for name in os.listdir(os.path.join(harness.SOURCE, "data")):
            if name.endswith(".csv"):
                os.symlink(os.path.join(harness.SOURCE, "data", name), path(name))
        numpy.savetxt(path("histogram.csv"), numpy.c_[numpy.linspace(-3, 3, 13), numpy.arange(13) % 7 + 1], delimiter=",", header="x,count", comments="", fmt="%g")
        for name in ("data", "jobs"):
            os.symlink(os.path.join(harness.SOURCE, name), path(name))
        os.mkdir(path("scripts"))
        os.symlink(os.path.join(harness.SOURCE, "scripts", "report.py"), os.path.join(path("scripts"), "report.py"))
        numpy.save(path("someone.npy"), points)
        for words in (["someone.npy", "-k", "3", "-o", "everybody.h5"], ["points.csv", "--columns", "A,B,C", "-k", "3", "-o", "model.h5", "--log", "log.csv", "--labels", "out.h5"],
                      ["points.csv", "--columns", "A,B,C", "-k", "2", "-o", "A.h5"], ["points.csv", "--columns", "A,B,C", "-k", "3", "--seed", "1", "-o", "B.h5"],
                      ["iris.csv", "--columns", "1-4", "-k", "3", "-o", "iris.h5"],
                      ["points.csv", "--columns", "A,B", "--by", "station", "-k", "2", "-o", "groups.h5"]):
            cls.prepare("fit", *words)
        cls.prepare("select", "points.csv", "--columns", "A,B,C", "-k", "1:3", "--table", "table.csv", "-o", "best.h5")
        cls.prepare("bootstrap", "model.h5", "points.csv", "--replicates", "20", "-o", "boot.h5")

    @classmethod
    def prepare(cls, *words):
        run = harness.gmmpi(*words, "-q", cwd=cls.files)
        if run.returncode != 0:
            raise AssertionError(run.stderr)

    @classmethod
    def make_programs(cls):
        """bin/ with gmmpi, stand-ins and, in scripts/, plot.py: drawings are noted, and made by this process, which takes a fifth of the
        time."""
        folder = os.path.join(cls.files, "bin")
        os.mkdir(folder)
        os.symlink(harness.GMMPI, os.path.join(folder, "gmmpi"))
        os.symlink(sys.executable, os.path.join(folder, "python3"))
        texts = {name: text for name, (_, text) in STAND_INS.items() if text}
        texts["mpirun"] = ('while [ "${1#-}" != "$1" ]; do case $1 in -n|-np|--map-by|--bind-to) shift;; esac; shift; done\n'
                           f'exec "{shutil.which(harness.MPIRUN)}" --mca orte_tmpdir_base "$(mktemp -d "$SESSIONS/XXXXXX")" --oversubscribe -n 2 "$@"')
        for name, text in texts.items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(f"#!/bin/bash\n{text}\n")
            os.chmod(os.path.join(folder, name), 0o755)
        with open(os.path.join(cls.files, "scripts", "plot.py"), "w") as file:
            file.write("#!/usr/bin/python3\nimport json, sys\nwith open('drawings', 'a') as file:\n    print(json.dumps(sys.argv[1:]), file=file)\n")
        os.chmod(os.path.join(cls.files, "scripts", "plot.py"), 0o755)

    def shell(self, page, script):
        for pattern, text in REPLACED:
            script = "\n".join(line if line.startswith("#") else re.sub(pattern, text, line) for line in script.splitlines())
        lines = [line for line in script.splitlines() if not any(re.search(pattern, line) for pattern in LEFT_OUT)]
        environment = dict(os.environ, PATH=os.path.join(self.folder, "bin") + ":" + os.environ["PATH"], SESSIONS=harness.session_folder())
        os.makedirs(environment["SESSIONS"])
        run = subprocess.run(["bash", "-c", "set -eu\n" + "\n".join(lines)], cwd=self.folder, env=environment, capture_output=True, text=True, timeout=harness.PATIENCE)
        self.assertEqual(run.returncode, 0, f"{page}:\n{script}\n{run.stdout}{run.stderr}")
        self.printed += run.stdout + run.stderr
        self.draw(page)

    def draw(self, page):
        if not os.path.exists(self.path("drawings")):
            return
        with open(self.path("drawings")) as file:
            drawings = [json.loads(line) for line in file]
        os.unlink(self.path("drawings"))
        sys.path.insert(0, os.path.join(harness.SOURCE, "scripts"))
        import plot  # takes a second: only where it is needed
        for arguments in drawings:
            before, sys.argv = sys.argv, ["plot.py"] + arguments
            os.chdir(self.folder)
            output = io.StringIO()
            try:
                with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
                    status = plot.main()
            except SystemExit as end:
                status = end.code
            finally:
                sys.argv = before
                os.chdir(harness.SOURCE)
            self.assertIn(status, (None, 0), f"{page}: plot.py {arguments}: {output.getvalue()}")

    def python(self, page, block):
        for pattern, text in REPLACED[1:]:
            block = re.sub(pattern, text, block)
        os.chdir(self.folder)
        try:
            exec(compile(block, page, "exec"), self.names)  # pylint: disable=exec-used
        except ModuleNotFoundError as absent:
            if absent.name != "sklearn":
                raise
        finally:
            os.chdir(harness.SOURCE)

    def check_printed(self, page, block):
        """Every line of the block was printed; ... stands for anything, and numbers are the same to four digits: other
        processors round otherwise."""
        number = r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?"
        there = [" ".join(line.split()) for line in self.printed.splitlines()]
        for line in block.splitlines():
            wanted = " ".join(line.split()).removesuffix("...").strip()
            if not wanted:
                continue
            shape = re.sub(number, "#", re.sub(r"after .* passes", "", wanted))
            alike = [other for other in there if re.sub(number, "#", re.sub(r"after .* passes", "", other)).startswith(shape)]
            values = [float(value) for value in re.findall(number, re.sub(r"after .* passes", "", wanted))]
            others = [[float(value) for value in re.findall(number, re.sub(r"after .* passes", "", other))][:len(values)] for other in alike]
            self.assertTrue(any(numpy.allclose(values, other, rtol=2e-4) for other in others), f"{page}: not printed: {line}\n{self.printed}")

    def run_page(self, page):
        shutil.rmtree(self.folder)
        shutil.copytree(self.files, self.folder, symlinks=True)
        self.printed = ""
        self.names = {"points": self.points[:, :3] if page == "docs/weights.md" else self.points, "width": 0.5, "numpy": numpy, "h5py": h5py}
        for block in (part for whole in blocks(page) for part in parts(whole)):
            shown = [kind for (where, start), kind in SHOWN.items() if where == page and block.startswith(start)]
            if shown:
                self.check_printed(page, block) if shown == ["printed"] else None
            elif COMMAND.match(block):
                self.shell(page, block)
            elif is_python(block):
                self.python(page, block)
            else:
                self.assertRegex(block, r"[=~≈Σ]|sum(_| over)", f"{page}: is this a command? Then it is to be in COMMAND; if it is printed, in SHOWN:\n{block}")

    @unittest.skipIf(os.environ.get("GMMPI_SANITIZED") == "ON", "takes long with sanitizers, and is tried without")
    def test_pages(self):
        for page in pages():
            with self.subTest(page=page):
                self.run_page(page)


if __name__ == "__main__":
    unittest.main()
