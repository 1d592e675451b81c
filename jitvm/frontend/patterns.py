"""``match``: patterns are tested from the left, names are bound when the whole pattern has matched."""
from __future__ import annotations

from jitvm.frontend import tree as ast
from jitvm.frontend.assembler import Label
from jitvm.frontend.exceptions import ExceptionCompiler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

    Pattern = Callable[[Any, Any, int], None]


class PatternCompiler(ExceptionCompiler):
    """Emits ``match`` statements.

    A pattern is tested against a temporary, which it empties if it matches; if not, it jumps to ``_fail``, where all
    temporaries that the pattern may have filled are cleared. What is captured waits in temporaries.
    """

    PATTERNS: ClassVar[dict[type, Pattern]] = {}
    _fail: Label
    _captures: dict[str, int]
    _highest: int

    def match_statement(self, node: ast.Match) -> None:
        """``match subject``."""
        mark = self.top
        subject = self.value(node.subject, -1)
        end = Label()
        for number, case in enumerate(node.cases):
            last = number == len(node.cases) - 1
            self.match_case(node, case, subject, end, last)
            if not self.reachable:
                break
        self.top = mark
        self.place(end)

    def match_case(self, node: ast.Match, case: ast.match_case, subject: int, end: Label, last: bool) -> None:
        """One case; past the last, the subject is gone on every way."""
        fail = self._fail = Label()
        self._captures = {}
        self._highest = self.top = subject + 1
        copy = self.hold(self.push())
        self.at = case.pattern
        self.emit("move", copy, subject, keep=1)
        self.pattern(case.pattern, copy)
        guard_fails = Label()
        for name, register in self._captures.items():
            self.at = case.pattern
            self.store_name(name, register)
        self.top = subject + 1
        if case.guard is not None:
            self.owner = case.pattern
            self.branch(case.guard, guard_fails, False)
        highest = self._highest
        if self.reachable:
            self.at = case.pattern
            self.clear(subject)
            self.body(case.body)
            self.at = node
            self.jump(end)
        self.top = subject + 1
        self.place(fail)
        if self.reachable:
            self.at = case.pattern
            for register in range(subject + 1, highest):
                self.clear(register)
        self.place(guard_fails)
        if last and self.reachable:
            self.clear(subject)

    def hold(self, register: int) -> int:
        """Notes that ``register`` may be full when the pattern fails."""
        self._highest = max(self._highest, register + 1)
        return register

    def new(self) -> int:
        """A temporary that is cleared if the pattern fails."""
        return self.hold(self.push())

    def pattern(self, node: ast.pattern, subject: int) -> None:
        """Tests ``subject`` against a pattern and empties it."""
        self.PATTERNS[type(node)](self, node, subject)

    def fail_unless(self, register: int) -> None:
        """Fails if what the temporary ``register`` on top holds is false."""
        self.emit_jump("branch_false", self._fail, register)
        self.top = register

    # -- patterns --------------------------------------------------------------------------------------------------
    def value_pattern(self, node: ast.MatchValue, subject: int) -> None:
        """A literal or dotted name: equality."""
        mark = self.top
        right, suffix = self.right_operand(node.value)
        self.at = node
        self.emit_jump("branch_unless_eq" + suffix, self._fail, subject, right)
        self.top = mark

    def singleton_pattern(self, node: ast.MatchSingleton, subject: int) -> None:
        """``None``, ``True``, ``False``: identity."""
        self.at = node
        self.emit_jump("branch_is_not_k", self._fail, subject, self.constant(node.value))

    def as_pattern(self, node: ast.MatchAs, subject: int) -> None:
        """``pattern as name``, ``name`` or ``_``."""
        self.at = node
        if node.pattern is not None:
            copy = self.new()
            self.emit("move", copy, subject, keep=1)
            self.pattern(node.pattern, copy)
            self.at = node
        if node.name is None:
            self.clear(subject)
        else:
            self.capture(node.name, subject)

    def capture(self, name: str, subject: int) -> None:
        """Keeps what ``subject`` holds for ``name``."""
        register = self.new()
        self.emit("take", register, subject)
        self._captures[name] = register

    def or_pattern(self, node: ast.MatchOr, subject: int) -> None:
        """Alternatives: all capture the same names."""
        end = Label()
        fail, captures = self._fail, self._captures
        names = sorted(captured_names(node.patterns[0]))
        places = {name: self.new() for name in names}
        mark = self.top
        for number, alternative in enumerate(node.patterns):
            last = number == len(node.patterns) - 1
            self.top = mark
            self._captures = {}
            self._fail = fail if last else Label()
            self.at = alternative
            copy = self.new()
            outer_highest, self._highest = self._highest, copy + 1
            self.emit("move", copy, subject, keep=1)
            self.pattern(alternative, copy)
            for name in names:
                self.emit("take", places[name], self._captures[name])
            self.at = alternative
            self.jump(end)
            if not last:
                self.place(self._fail)
                if self.reachable:
                    for register in range(copy, self._highest):
                        self.clear(register)
            self._highest = max(outer_highest, self._highest)
        self._fail, self._captures = fail, captures
        self._captures.update(places)
        self.top = mark
        self.place(end)
        self.at = node
        self.clear(subject)

    def sequence_pattern(self, node: ast.MatchSequence, subject: int) -> None:
        """``[a, *b, c]``."""
        patterns = node.patterns
        star = next((number for number, item in enumerate(patterns) if isinstance(item, ast.MatchStar)), -1)
        self.at = node
        test = self.new()
        self.emit("match_sequence", test, subject, keep=1)
        self.fail_unless(test)
        self.check_length(node, subject, len(patterns), star)
        wild = all(is_wildcard(item) for item in patterns)
        if wild:
            self.clear(subject)
            return
        if star >= 0 and is_star_wildcard(patterns[star]):
            self.sequence_by_index(node, subject, star)
            return
        base = self.top
        for _ in patterns:
            self.new()
        if star < 0:
            self.emit("unpack", base, subject, len(patterns))
        else:
            self.emit("unpack_ex", base, subject, star, extra=len(patterns) - star - 1)
        for number, item in enumerate(patterns):
            if isinstance(item, ast.MatchStar):
                self.at = item
                assert item.name is not None
                self.capture(item.name, base + number)
            else:
                self.pattern(item, base + number)

    def check_length(self, node: ast.MatchSequence, subject: int, count: int, star: int) -> None:
        """Fails unless the sequence has as many items as the pattern asks for."""
        if star >= 0 and count == 1:
            return
        length = self.new()
        self.emit("get_len", length, subject, keep=1)
        if star < 0:
            self.emit_jump("branch_unless_eq_k", self._fail, length, self.constant(count))
        else:
            self.emit_jump("branch_unless_ge_k", self._fail, length, self.constant(count - 1))
        self.top = length

    def sequence_by_index(self, node: ast.MatchSequence, subject: int, star: int) -> None:
        """A sequence with ``*_``: items are fetched one by one, as the host does."""
        count = len(node.patterns)
        for number, item in enumerate(node.patterns):
            if number == star or is_wildcard(item):
                continue
            self.at = node
            place = self.new()
            if number < star:
                self.emit("load_item_k", place, subject, self.constant(number), keep=1)
            else:
                length = self.new()
                self.emit("get_len", length, subject, keep=1)
                self.emit("binary_sub_k", length, length, self.constant(count - number))
                self.emit("load_item", place, subject, length, keep=1)
            self.pattern(item, place)
        self.at = node
        self.clear(subject)

    def mapping_pattern(self, node: ast.MatchMapping, subject: int) -> None:
        """``{key: pattern, **rest}``."""
        self.at = node
        test = self.new()
        self.emit("match_mapping", test, subject, keep=1)
        self.fail_unless(test)
        size = len(node.keys)
        if size == 0 and node.rest is None:
            self.clear(subject)
            return
        if size:
            length = self.new()
            self.emit("get_len", length, subject, keep=1)
            self.emit_jump("branch_unless_ge_k", self._fail, length, self.constant(size))
            self.top = length
        keys = self.keys_tuple(node)
        values = self.new()
        self.at = node
        self.emit("match_keys", values, subject, keys, keep=3)
        self.emit_jump("branch_is_k", self._fail, values, self.constant(None), keep=1)
        base = self.top
        for _ in node.keys:
            self.new()
        self.emit("unpack", base, values, size)
        for number, item in enumerate(node.patterns):
            self.pattern(item, base + number)
        self.at = node
        if node.rest is None:
            self.clear(keys)
            self.clear(subject)
        else:
            self.rest_of_mapping(node, node.rest, subject, keys)

    def keys_tuple(self, node: ast.MatchMapping) -> int:
        """Evaluates the keys of a mapping pattern into a tuple, in a new temporary."""
        mark = self.top
        for key in node.keys:
            self.value(key, -1)
        self.top = mark
        keys = self.new()
        self.at = node
        self.emit("build_tuple", keys, keys, len(node.keys))
        return keys

    def rest_of_mapping(self, node: ast.MatchMapping, name: str, subject: int, keys: int) -> None:
        """``**rest``: a dict of the items whose keys were not named."""
        rest = self.new()
        self.emit("build_map", rest, rest, 0)
        self.emit("map_update", rest, subject, keep=1)
        if node.keys:
            base = self.top
            for _ in node.keys:
                self.push()
            self.emit("unpack", base, keys, len(node.keys))
            for number in range(len(node.keys)):
                self.emit("delete_item", rest, base + number, keep=1)
            self.top = base
        else:
            self.clear(keys)
        self._captures[name] = rest

    def class_pattern(self, node: ast.MatchClass, subject: int) -> None:
        """``Class(a, name=b)``."""
        base = self.top
        self.at = node
        self.emit("take", self.new(), subject)
        self.value(node.cls, -1)
        self.load_constant(tuple(node.kwd_attrs))
        self.hold(self.top - 1)
        self.top = base
        attributes = self.new()
        self.at = node
        self.emit("match_class", attributes, base, len(node.patterns))
        self.emit_jump("branch_is_k", self._fail, attributes, self.constant(None), keep=1)
        patterns = [*node.patterns, *node.kwd_patterns]
        first = self.top
        for _ in patterns:
            self.new()
        self.emit("unpack", first, attributes, len(patterns))
        for number, item in enumerate(patterns):
            self.pattern(item, first + number)


def is_wildcard(node: ast.pattern) -> bool:
    """Whether a pattern is ``_`` or ``*_``."""
    return (isinstance(node, ast.MatchAs) and node.name is None and node.pattern is None) or is_star_wildcard(node)


def is_star_wildcard(node: ast.pattern) -> bool:
    """Whether a pattern is ``*_``."""
    return isinstance(node, ast.MatchStar) and node.name is None


def captured_names(node: ast.pattern) -> set[str]:
    """The names that a pattern binds."""
    names = set()
    for inner in ast.walk(node):
        if isinstance(inner, (ast.MatchAs, ast.MatchStar)) and inner.name is not None:
            names.add(inner.name)
        elif isinstance(inner, ast.MatchMapping) and inner.rest is not None:
            names.add(inner.rest)
    return names


PatternCompiler.PATTERNS.update({
    ast.MatchValue: PatternCompiler.value_pattern, ast.MatchSingleton: PatternCompiler.singleton_pattern,
    ast.MatchAs: PatternCompiler.as_pattern, ast.MatchOr: PatternCompiler.or_pattern,
    ast.MatchSequence: PatternCompiler.sequence_pattern, ast.MatchMapping: PatternCompiler.mapping_pattern,
    ast.MatchClass: PatternCompiler.class_pattern,
})
PatternCompiler.STATEMENTS[ast.Match] = PatternCompiler.match_statement
