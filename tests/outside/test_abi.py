# SPDX-License-Identifier: BSD-3-Clause
"""The shared library as the linker sees it: the public functions and no others, and nothing that a guest in somebody's process does not do."""

import os
import subprocess
import sys
import unittest

import harness

LIBRARY = os.path.join(os.environ["GMMPI_BUILD"], "libgmmpi.so")

# What ends the process, prints (functions that take a stream need one of the two that are named), takes its signals, changes its environment or its MPI, or starts others.
FORBIDDEN = """exit _exit _Exit quick_exit abort raise kill __assert_fail
printf puts putchar vprintf perror psignal stdout stderr __printf_chk __vprintf_chk
signal sigaction sigprocmask sigset siginterrupt setitimer alarm
setenv putenv unsetenv clearenv setlocale srand srandom chdir umask
MPI_Init MPI_Init_thread MPI_Finalize MPI_Abort MPI_Comm_set_errhandler
fork vfork execv execve execvp execlp posix_spawn posix_spawnp system popen""".split()


@unittest.skipIf(os.environ.get("GMMPI_SANITIZED") == "ON", "the sanitizers' functions are in it, too")
class Symbols(unittest.TestCase):
    def test_functions_and_types_are_those_of_the_list(self):
        run = subprocess.run([sys.executable, os.path.join(harness.SOURCE, "scripts", "check_abi.py"), LIBRARY], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_it_needs_nothing_that_a_guest_does_not_do(self):
        lines = subprocess.run(["nm", "-D", "--undefined-only", LIBRARY], capture_output=True, text=True, check=True).stdout.splitlines()
        names = {line.split()[-1].split("@")[0] for line in lines}
        self.assertIn("MPI_Allreduce", names)
        self.assertEqual(sorted(names & set(FORBIDDEN)), [])


if __name__ == "__main__":
    unittest.main()
