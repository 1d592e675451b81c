"""The slots of the host's types of generators and coroutines that lead into the VM, so that C code which resumes one reaches it."""
from __future__ import annotations

from jitvm.spec import layout
from jitvm.spec.cfunctions import SLOTS
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CoroutineType, GeneratorType

    from jitvm.runtime.context import Native
else:
    GeneratorType = type((lambda: (yield))())

    async def _coroutine() -> None:
        pass

    _made = _coroutine()
    CoroutineType = type(_made)
    _made.close()


class Slots:
    """The changed words: ``install`` puts the VM's functions into them, the end of this object the host's."""

    def __init__(self, native: Native) -> None:
        self.native = native
        self.changed: list[tuple[int, int]] = []
        self.cache = array("Q", bytes(16 * layout.current()[1]["SITE_CACHE"]))
        native.set_state("site_cache", self.cache.buffer_info()[0])

    def install(self) -> None:
        """Changes the slots, once."""
        if self.changed:
            return
        peek, constants = self.native.peek, layout.current()[1]
        kind, members = id(GeneratorType), GeneratorType.__dict__
        wrapped, table = constants["DESCRIPTOR_WRAPPED"], constants["DESCRIPTOR_TABLE"]
        as_async = layout.current()[0]["type_as_async"][0]
        self._change(kind + constants["TYPE_ITERNEXT"], "vm_gen_iternext", "host_iternext")
        self._change(id(members["__next__"]) + wrapped, "vm_gen_iternext", "host_iternext")
        for each, frame in ((GeneratorType, "gi_frame"), (CoroutineType, "cr_frame")):
            members = each.__dict__
            self._change(peek(id(each) + as_async) + constants["ASYNC_SEND"], "vm_gen_send_slot", "host_send_slot")
            self._change(peek(id(members["send"]) + table) + 8, "vm_gen_send", "host_send")
            self._change(peek(id(members[frame]) + table) + 8, "vm_" + frame, "host_" + frame)
        asynchronous, kind = (self.native.words[SLOTS[name]] for name in ("PyAsyncGen_Type", "_PyAsyncGenASend_Type"))
        self._change(peek(id(self.native.object_at(asynchronous).__dict__["ag_frame"]) + table) + 8, "vm_ag_frame", "host_ag_frame")
        members = self.native.object_at(kind).__dict__
        self._change(kind + constants["TYPE_ITERNEXT"], "vm_asend_iternext", "host_asend_iternext")
        self._change(id(members["__next__"]) + wrapped, "vm_asend_iternext", "host_asend_iternext")
        self._change(peek(id(members["send"]) + table) + 8, "vm_asend_send", "host_asend_send")

    def _change(self, place: int, ours: str, theirs: str) -> None:
        before = self.native.peek(place)
        self.native.set_state(theirs, before)
        self.changed.append((place, before))
        self.native.poke(place, self.native.code.names[ours])

    def __del__(self) -> None:
        for place, before in self.changed:
            self.native.poke(place, before)
