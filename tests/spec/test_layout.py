"""Facts of the host that the layout's tables repeat."""
from __future__ import annotations
import __future__

import opcode

from jitvm.spec.layout import FUTURE_ANNOTATIONS, host_opcodes


def test_the_table_of_bytecodes_is_the_hosts() -> None:
    assert host_opcodes() == opcode.opmap


def test_the_hosts_jumps() -> None:
    from jitvm.frontend.suspension import JUMPS

    assert sorted(JUMPS) == sorted(opcode.hasjrel)
    assert not opcode.hasjabs


def test_the_flag_of_annotations_as_texts() -> None:
    assert __future__.annotations.compiler_flag == FUTURE_ANNOTATIONS
