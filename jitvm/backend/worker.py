"""LLVM in threads beside the program: jobs are texts, results are objects. The threads are native (``jitvm/interpreter/worker.py``).

The two sides share a block of words (``jitvm/spec/shared.py``). Under the interpreter lock this side puts jobs into a ring; the
thread takes them, and has the host call ``vm_ready`` in the main thread when one is finished. The thread takes no signal, rests
before a fork and at exit, and is made anew in the child.
"""
from __future__ import annotations

import atexit
import os
from time import sleep

from jitvm.backend import llvm
from jitvm.backend.foreign import Bytes, Int32, Int64, Object, Pointer, UInt32, bind, function_at
from jitvm.spec.shared import CONSTANTS, LLVM_FUNCTIONS
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WORD = {name: place // 8 for name, place in CONSTANTS.items() if name.startswith(("WORKER_", "JOB_", "LLVM_"))}
_PAUSED, _BUSY, _PATH, _NAMES, _QUEUE, _INTERPRETER, _YIELDS, _TELLING, _NEXT = (_WORD["WORKER_" + name] for name in (
    "PAUSED", "BUSY", "PATH", "NAMES", "QUEUE", "INTERPRETER", "YIELDS", "TELLING", "NEXT"))
_STATE, _TEXT, _LEVEL, _NEED, _BUFFER, _DATA, _SIZE, _WORK = (
    _WORD["JOB_" + name] for name in ("STATE", "TEXT", "LEVEL", "NEED", "BUFFER", "DATA", "SIZE", "WORK"))
_SLOTS, _DONE, _CANCELLED, _RESTS, _CLOSED = (
    CONSTANTS[name] for name in ("WORKER_SLOTS", "JOB_DONE", "JOB_CANCELLED", "WORKER_RESTS", "WORKER_CLOSED"))
_REST_SECONDS = 0.0002

_sem_init = bind("sem_init", Int32, Pointer, Int32, UInt32)
_sem_post = bind("sem_post", Int32, Pointer)
_create = bind("pthread_create", Int32, Pointer, Pointer, Pointer, Pointer)
_detach = bind("pthread_detach", Int32, Pointer)
_sigmask = bind("pthread_sigmask", Int32, Int32, Bytes, Pointer)
_immortal = bind("Py_IncRef", None, Object)
"""The thread sleeps on a word of the block until the process is gone."""
_at_end = bind("Py_AtExit", Int32, Pointer)
_bytes_at = bind("PyBytes_FromStringAndSize", Object, Pointer, Int64)
_SIG_BLOCK, _SIG_SETMASK = 0, 2


class Job:
    """A text to compile. ``done`` says whether the thread has finished with it."""

    __slots__ = ("cancelled", "text", "words")

    def __init__(self, text: str, level: int, work: int, need: int) -> None:
        self.text = text.encode() + b"\0"
        self.cancelled = False
        self.words = array("Q", bytes(CONSTANTS["JOB_BYTES"]))
        self.words[_TEXT] = id(self.text) + bytes.__basicsize__ - 1
        self.words[_LEVEL] = level
        self.words[_WORK], self.words[_NEED] = work, need

    @property
    def done(self) -> bool:
        """Whether the thread has compiled the text or failed to."""
        return bool(self.words[_STATE])

    def outlive(self) -> None:
        """What the thread reads of the job stays in memory to the end of the process."""
        _immortal(self.text)
        _immortal(self.words)

    def cancel(self) -> None:
        """The result is not wanted any more: a job not yet begun is left out."""
        self.cancelled = True
        if not self.words[_STATE]:
            self.words[_STATE] = _CANCELLED


class Worker:
    """The thread and its queue. ``native`` is the loaded interpreter (``jitvm/runtime/context.py``), in which the thread's code is.

    With ``yields`` the thread lets others have the CPU first.
    """

    def __init__(self, native: Any, *, yields: bool = False) -> None:
        self.entry: int = native.code.names["vm_worker"]
        self.block = array("Q", bytes(CONSTANTS["WORKER_BYTES"]))
        _immortal(self.block)
        self.block[_INTERPRETER] = native.interpreter
        self.block[_YIELDS] = int(yields)
        self.address = self.block.buffer_info()[0]
        _sem_init(self.address, 0, 0)
        self.block[_NEXT] = native.state("workers")
        if not self.block[_NEXT]:
            _at_end(native.code.names["vm_workers_end"])
        native.set_state("workers", self.address)
        atexit.register(self.close, wait=False)
        self.jobs: list[Job | None] = [None] * _SLOTS
        self.running = False
        self.closed = False
        self.keep: list[bytes] = []
        self.dispose: Any = None
        os.register_at_fork(before=self.pause, after_in_parent=self.resume, after_in_child=self.forget)

    def post(self, text: str, level: int, *, work: int = 0, need: float = 0.0) -> Job | None:
        """Has a text compiled at a level of code generation. None: the queue is full.

        ``work`` is the address of a word that running code changes: then the job waits until that was seen to happen for ``need``
        seconds in all.
        """
        block = self.block
        place = next((place for place in range(_SLOTS) if not block[_QUEUE + place]), -1)
        if self.closed or place < 0:
            return None
        self.open()
        before = self.jobs[place]
        if before is not None and before.cancelled:
            self.take(before)  # it was under way when it was cancelled
        job = Job(text, level, work, int(need * 1e9))
        self.jobs[place] = job
        block[_QUEUE + place] = job.words.buffer_info()[0]
        _sem_post(self.address)
        return job

    def open(self) -> None:
        """Starts the thread, which opens LLVM's library when it has something to do."""
        if not self.running and not self.closed:
            self.running = True  # first of all: what runs meanwhile may post as well
            self._start()

    def take(self, job: Job) -> bytes | None:
        """The object that a finished job has made, once; None if LLVM refused the text."""
        words = job.words
        if words[_STATE] != _DONE:
            return None
        data: bytes = _bytes_at(words[_DATA], words[_SIZE])
        if self.dispose is None:
            self.dispose = function_at(self.block[_WORD["LLVM_DISPOSE_BUFFER"]], None, Pointer)
        self.dispose(words[_BUFFER])
        words[_STATE] = _CANCELLED
        return data

    def _start(self) -> None:
        """Makes the thread, which takes no signal: those of the process are for the program's own threads."""
        block = self.block
        if not self.keep:
            texts = [*(b"LLVMPY_" + name.encode() for name in LLVM_FUNCTIONS.values()), llvm.RELOCATION, llvm.CODE_MODEL, b""]
            self.keep = [os.fsencode(llvm.library_path()), *texts]
            for text in self.keep:
                _immortal(text)
            for place, text in enumerate(texts):
                block[_NAMES + place] = id(text) + bytes.__basicsize__ - 1
            block[_PATH] = id(self.keep[0]) + bytes.__basicsize__ - 1
        before, thread = array("Q", bytes(128)), array("Q", bytes(8))
        _sigmask(_SIG_BLOCK, b"\xff" * 128, before.buffer_info()[0])
        try:
            if _create(thread.buffer_info()[0], None, self.entry, self.address):
                self.running = False
                raise llvm.LLVMError("no thread for the compiler")
        finally:
            _sigmask(_SIG_SETMASK, before.tobytes(), None)
        _detach(thread[0])

    def halt(self) -> None:
        """At exit: nothing more is begun."""
        self.closed = True
        self.block[_PAUSED] = _CLOSED

    def pause(self) -> None:
        """Has the thread begin nothing more, and waits for what is under way: before a fork."""
        self._rest(True)

    def _rest(self, wait: bool) -> None:
        """Has the thread begin nothing more. It tells nobody of anything afterwards; with ``wait`` it does nothing at all."""
        self.block[_PAUSED] = _CLOSED if self.closed else _RESTS
        if self.running:
            _sem_post(self.address)
            while self.block[_TELLING] or (wait and self.block[_BUSY]):
                sleep(_REST_SECONDS)

    def resume(self) -> None:
        """The end of a pause."""
        if not self.closed:
            self.block[_PAUSED] = 0
            if self.running:
                _sem_post(self.address)

    def forget(self) -> None:
        """In the child of a fork there is no thread; another is made when a job is posted."""
        self.running = False
        _sem_init(self.address, 0, 0)
        self.block[_QUEUE:_QUEUE + _SLOTS] = array("Q", bytes(8 * _SLOTS))
        self.block[_PAUSED] = 0

    def close(self, wait: bool = True) -> None:
        """At exit: nothing more is begun. What is under way is waited for here, or at the end of the host's finalisation."""
        self.halt()
        self._rest(wait)
        for job in self.jobs:
            if job is not None and not wait:
                job.outlive()
