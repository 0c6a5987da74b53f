# SPDX-License-Identifier: BSD-3-Clause
"""How the tests of pictures run plot.py and compare.py, and what they look at in a picture."""

import os
import runpy
import struct
import subprocess
import sys
import tempfile
import traceback

from harness import PATIENCE, SOURCE


def start(script, *arguments):
    """Runs a script as its users do."""
    words = [sys.executable, "-B", os.path.join(SOURCE, "scripts", script)] + [str(argument) for argument in arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)


def run(script, *arguments):
    """The same in a copy of this process, which has the libraries already: importing them takes longer than all else."""
    words = [os.path.join(SOURCE, "scripts", script)] + [str(argument) for argument in arguments]
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            become(words, output, errors)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(words, status, output.read(), errors.read())


def become(words, output, errors):
    """Ends the process when the script ends, with its status."""
    status = 1
    try:
        os.dup2(output.fileno(), 1)
        os.dup2(errors.fileno(), 2)
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")
    except SystemExit as end:
        status = end.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def size_of(path):
    """Width and height of a PNG file, which is whole."""
    with open(path, "rb") as file:
        content = file.read()
    assert content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82"), path
    return struct.unpack(">II", content[16:24])
