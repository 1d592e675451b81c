"""How native code calls the tracing compiler: nothing of it may show, and nothing that goes wrong in it may reach the program."""
from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.tracing.driver import Driver

UNSEEN_SECONDS = 0.05
"""Other threads are not let in for so long while the compiler runs in the program's thread: they could see its frames."""


def unseen(method: Any) -> Any:
    """A callback from native code: whatever goes wrong in it must not reach the program; the JIT is switched off and says so."""

    def callback(self: Driver, *arguments: Any) -> None:
        if self.broken:
            return
        interval = sys.getswitchinterval()
        sys.setswitchinterval(max(interval, UNSEEN_SECONDS))
        self.inside += 1
        try:
            method(self, *arguments)
            while self.finished and self.inside == 1:
                self.finished = False
                self.tiers.collect()
        except BaseException as error:
            self.native.set_state("recording", 0)
            self.session = None
            if not _is_ours(error):
                raise
            self.broken = True
            print(f"jitvm: internal error, compilation is off: {error!r}", file=sys.stderr)
            if self.settings.verify or self.settings.dump:
                import traceback

                traceback.print_exc()
        finally:
            self.inside -= 1
            sys.setswitchinterval(interval)

    return callback


def _is_ours(error: BaseException) -> bool:
    """Whether an exception comes from jitvm itself; else a signal handler raised it, and cuts jitvm's frames off its traceback."""
    if isinstance(error, KeyboardInterrupt):
        error.__traceback__ = None
        return False
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith("jitvm."):
        trace = trace.tb_next
    if trace is None or isinstance(error, (RecursionError, MemoryError)):
        return True
    error.__traceback__ = trace
    return False
