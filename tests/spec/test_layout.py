"""Facts of the host that the layout's tables repeat."""
from __future__ import annotations

import opcode

from jitvm.spec.layout import host_opcodes


def test_the_table_of_bytecodes_is_the_hosts() -> None:
    assert host_opcodes() == opcode.opmap


def test_the_hosts_jumps() -> None:
    from jitvm.frontend.suspension import JUMPS

    assert sorted(JUMPS) == sorted(opcode.hasjrel)
    assert not opcode.hasjabs
