"""Better code for what stays hot: regions are compiled quickly at first, and well a little later, in a background thread.

The thread exists only while there is something to compile. It holds the interpreter lock only to hand over; LLVM works without it.
When the thread wants the lock back, the host's lock request makes the running loop leave at its header (the poll), and the header
enters the better code.
"""
from __future__ import annotations

import _thread
import os

from jitvm.backend.foreign import block_signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DELAY_SECONDS = 0.02
"""A region is compiled well when it has not been rebuilt for so long: programs that end sooner, and regions still growing, never pay."""


class Upgrades:
    """The queue of regions to compile well, and the thread that does it."""

    def __init__(self, compile_well: Any) -> None:
        self.compile_well = compile_well
        self.waiting: dict[int, Any] = {}
        self.running = False
        self.closed = False
        self.wake = _thread.allocate_lock()
        self.done = _thread.allocate_lock()
        self.wake.acquire()
        os.register_at_fork(before=self.pause, after_in_child=self.forget)

    def add(self, key: int, job: Any) -> None:
        """Puts a region's newest build into the queue, in place of an older one."""
        if self.closed:
            return
        self.waiting.pop(key, None)
        self.waiting[key] = job
        if not self.running:
            self.running = True
            self.done.acquire()
            _thread.start_new_thread(self.work, ())

    def work(self) -> None:
        """The thread: waits until the queue is at rest, then compiles the newest first: outer loops come after their inner ones."""
        block_signals()
        try:
            while self.waiting and not self.closed:
                newest = next(reversed(self.waiting))
                if self.wake.acquire(timeout=DELAY_SECONDS):
                    return
                if not self.waiting or next(reversed(self.waiting)) != newest:
                    continue
                while self.waiting and not self.closed:
                    self.compile_well(self.waiting.popitem()[1])
        finally:
            self.running = False
            self.done.release()

    def pause(self) -> None:
        """Before a fork: LLVM must not be at work in the parent when the child copies it."""
        if self.running:
            self.waiting.clear()
            self.wait()

    def forget(self) -> None:
        """In the child of a fork there is no thread."""
        self.waiting.clear()

    def wait(self) -> None:
        """Waits for the thread to end."""
        self.wake.release()
        self.done.acquire()
        self.done.release()
        self.wake.acquire(blocking=False)

    def close(self) -> None:
        """At exit: nothing more is begun, what is under way is waited for."""
        self.closed = True
        self.pause()
