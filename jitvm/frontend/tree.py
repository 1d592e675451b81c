"""The node classes of the host's syntax tree, and the walks over it, without the standard module ``ast``.

That module takes as long to import as everything else that a short script needs; the classes themselves are built in.
Import it as ``from jitvm.frontend import tree as ast``.
"""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ast import *  # noqa: F403
    from ast import AST as AST
    from typing import cast as cast
else:
    from _ast import *  # noqa: F403

    def cast(_kind, value):
        """``typing.cast``."""
        return value

    def iter_child_nodes(node):
        """The nodes directly in ``node``."""
        for field in node._fields:
            value = getattr(node, field, None)
            if isinstance(value, AST):
                yield value
            elif isinstance(value, list):
                for item in value:
                    if isinstance(item, AST):
                        yield item

    def walk(node):
        """``node`` and all nodes in it, in no particular order."""
        rest = [node]
        while rest:
            node = rest.pop()
            yield node
            rest.extend(iter_child_nodes(node))
