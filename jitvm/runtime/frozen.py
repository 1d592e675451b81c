"""Code objects that lie ready in memory: a file is mapped, the addresses in it are filled in natively, nothing is made or copied.

``freezing.py`` lays them out. The data of a file: the memory; steps to each address in it; atoms, the constants that ``marshal`` makes;
four words, with the sizes of these three and the place of the whole value. An address lies there as a reference: the upper half is a row
of a table (0: the memory itself, then ``KINDS``, then the atoms), the lower half a distance. A step is a byte, the words from one address
to the next; 0 stands for ``EMPTY_STEP`` words without one. The objects are never freed, and the collector does not know of them.
"""
from __future__ import annotations

from jitvm.backend import cache
from jitvm.backend.elf import Region
from jitvm.backend.foreign import Bytes, Int64, Object, bind, function_at
from jitvm.spec.words import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jitvm.backend.elf import Loaded

KIND = "frozen"
WORD = 8
LONGEST_STEP, EMPTY_STEP = 255, 254
KINDS = (type((lambda: None).__code__), tuple, str)
FIRST_ATOM = 1 + len(KINDS)

_unmarshal = bind("PyMarshal_ReadObjectFromString", Object, Bytes, Int64)


def unmarshalled(data: bytes) -> Any:
    """``marshal.loads`` without its audit event."""
    return _unmarshal(data, len(data))


def load(kind: str, key: bytes, code: Loaded) -> Any:
    """What is frozen under a key of the cache, None if nothing is, ``()`` if nothing can be; ``code`` is the interpreter.

    Raises cache.CacheUnavailable.
    """
    region = Region()
    data: Any = cache.taken(kind, key, region.take)
    if not data:
        region.free()
        return data if data is None else ()
    size, root, steps, atoms = data[-4 * WORD:].cast("Q")
    values = unmarshalled(bytes(data[size + steps:size + steps + atoms]))
    table = array("Q", [region.start, *map(id, KINDS)])
    thaw = function_at(code.names["vm_thaw"], Object, Int64, Int64, Object, Int64, Int64, Int64)
    return thaw(region.start, table.buffer_info()[0], values, region.start + size, steps, root)
