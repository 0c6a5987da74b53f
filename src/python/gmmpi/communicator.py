# SPDX-License-Identifier: BSD-3-Clause
"""MPI: the one of mpi4py where that has been imported, else of this process alone."""

import atexit
import contextlib
import copyreg
import ctypes
import os
import sys
import threading

from .errors import WrongUsage
from .library import COMM, alone, call, library

_lock = threading.RLock()
_one_at_a_time = threading.RLock()
for _one in (_lock, _one_at_a_time):
    os.register_at_fork(after_in_child=_one._at_fork_reinit)
_THREAD_MULTIPLE = 3
_own_calls_mpi_may_thread = None


_idle = threading.Condition()
_n_running = 0
_is_ending = False


def _forget_running():
    global _idle, _n_running
    _idle = threading.Condition()
    _n_running = 0


os.register_at_fork(after_in_child=_forget_running)


def is_ending():
    """Does the interpreter end, so that a fit of a thread that nobody waits for is to stop?"""
    return _is_ending


def _end():
    """MPI is finalised when no fit runs any more: threads that are daemons go on while the interpreter ends."""
    global _is_ending
    with _idle:
        _is_ending = True
        while _n_running > 0:
            _idle.wait()
    alone().gmmpi_alone_end()


def _change_running(by):
    global _n_running
    with _idle:
        if by > 0 and _is_ending:
            raise WrongUsage("the interpreter ends, and MPI with it: nothing can be fitted any more")
        _n_running += by
        _idle.notify_all()


def begin():
    """Initialises MPI, unless mpi4py or somebody else has; it is finalised when the interpreter ends. Raises WrongUsage
    where it has been."""
    global _own_calls_mpi_may_thread
    with _lock:
        call("gmmpi_alone_begin", of=alone)
        if _own_calls_mpi_may_thread is None:
            atexit.register(_end)
            level = ctypes.c_int()
            library().MPI_Query_thread(ctypes.byref(level))
            _own_calls_mpi_may_thread = level.value >= _THREAD_MULTIPLE
    return contextlib.nullcontext() if _own_calls_mpi_may_thread else _one_at_a_time


def _handle_of(comm):
    """The handle of a communicator of mpi4py, whose MPI must be that of the library."""
    mpi = sys.modules["mpi4py.MPI"]
    text = ctypes.create_string_buffer(10000)
    library().MPI_Get_library_version(text, ctypes.byref(ctypes.c_int()))
    if mpi.Get_library_version().strip("\0\n ") != text.value.decode().strip("\n "):
        raise WrongUsage(
            "mpi4py uses %s, but gmmpi was built with %s; use the same MPI for both"
            % (mpi.Get_library_version().split("\n")[0], text.value.decode().split("\n")[0])
        )
    size = mpi._sizeof(mpi.Comm)
    return COMM(int.from_bytes(ctypes.string_at(mpi._addressof(comm), size), sys.byteorder))


class Communicator:
    """A communicator during one fit. comm: of mpi4py, or None: of this process alone."""

    def __init__(self, comm=None):
        mpi = sys.modules.get("mpi4py.MPI")
        if comm is not None and (mpi is None or not isinstance(comm, mpi.Comm)):
            raise WrongUsage("comm is no communicator of mpi4py; give one, MPI.COMM_WORLD for instance, or None")
        self.comm = comm
        self.size = 1 if comm is None else comm.Get_size()
        self.rank = 0 if comm is None else comm.Get_rank()
        self._own = None
        self._turn = None

    def __enter__(self):
        self._turn = begin()
        self._turn.__enter__()
        is_counted = False
        try:
            _change_running(1)
            is_counted = True
            if self.comm is not None:
                self.handle = _handle_of(self.comm)
            else:
                self._own = COMM()
                call("gmmpi_alone_communicator", self._own, of=alone)
                self.handle = self._own
        except BaseException:
            if is_counted:
                _change_running(-1)
            self._turn.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *_):
        if self._own is not None:
            alone().gmmpi_alone_release(self._own)
            self._own = None
        _change_running(-1)
        self._turn.__exit__(None, None, None)

    def agree(self, problem=None):
        """Collective. Raises the problem of this rank, or says that another one has had one."""
        problems = [problem] if self.size == 1 else self.comm.allgather(None if problem is None else str(problem))
        if problem is not None:
            raise problem
        for rank, text in enumerate(problems):
            if text is not None:
                raise WrongUsage("rank %d: %s" % (rank, text))

    def largest(self, number):
        """Collective. The largest of the ranks' numbers."""
        return number if self.size == 1 else max(self.comm.allgather(number))


def let_copy(comm):
    """Copies of a communicator of mpi4py are itself, for copies of estimators' parameters: mpi4py 3 refuses to copy."""
    if comm is not None and type(comm) not in copyreg.dispatch_table:
        copyreg.pickle(type(comm), _name_of)


def _name_of(comm):
    mpi = sys.modules["mpi4py.MPI"]
    return "COMM_SELF" if comm == mpi.COMM_SELF else "COMM_WORLD" if comm == mpi.COMM_WORLD else "a communicator"


def is_forked():
    """Is this a process that was forked from one that has used the library?"""
    return _used_by is not None and _used_by != os.getpid()


_used_by = None


def note_use():
    """Notes that threads of the library may have been started in this process."""
    global _used_by
    if _used_by is None:
        _used_by = os.getpid()
