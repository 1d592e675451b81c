"""Exceptions that handlers raise, worded as CPython 3.11 words them (ceval.c, and import.c for import_from).

Each function returns the exception instance: the native caller raises it, so that no frame of the runtime is in a traceback.
"""
from __future__ import annotations

import sys

from jitvm.runtime.stamp import PACKAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType, ModuleType
    from typing import Any
else:
    ModuleType = type(sys)


def _unbound_local(name: str, _: Any) -> BaseException:
    return UnboundLocalError(f"cannot access local variable '{name}' where it is not associated with a value")


def _unbound_free(code: CodeType, name: str) -> BaseException:
    if name in code.co_cellvars and name not in code.co_freevars:  # the body of a class reads and binds the free one of both
        return UnboundLocalError(f"cannot access local variable '{name}' where it is not associated with a value")
    return NameError(f"cannot access free variable '{name}' where it is not associated with a value in enclosing scope")


def _undefined(name: str, _: Any) -> BaseException:
    return NameError(f"name '{name}' is not defined", name=name)


def _import_from(module: Any, name: str) -> BaseException:
    return ImportError(f"cannot import name {name!r}")


def _type_name(value: Any) -> str:
    return type(value).__name__[:200]


# In the order of the constants in jitvm/interpreter/names.py.
MAKERS: tuple[Any, ...] = (
    _unbound_local,
    _unbound_free,
    _undefined,
    lambda a, b: NameError("__build_class__ not found"),
    lambda a, b: TypeError(f"'{_type_name(a)}' object does not support the context manager protocol"),
    lambda a, b: TypeError(f"'{_type_name(a)}' object does not support the context manager protocol (missed __exit__ method)"),
    lambda a, b: ImportError("__import__ not found"),
    lambda a, b: TypeError(f"cannot unpack non-iterable {_type_name(a)} object"),
    lambda a, b: ValueError(f"not enough values to unpack (expected {a}, got {b})"),
    lambda a, b: ValueError(f"too many values to unpack (expected {a})"),
    lambda a, b: ValueError(f"not enough values to unpack (expected at least {a}, got {b})"),
    lambda a, b: TypeError("keywords"),
    lambda a, b: TypeError(f"Value after * must be an iterable, not {_type_name(a)}"),
    lambda a, b: _raise_type(a, b),
    lambda a, b: TypeError("exception causes must derive from BaseException"),
    lambda a, b: RuntimeError("No active exception to reraise"),
    lambda a, b: TypeError("catching classes that do not inherit from BaseException is not allowed"),
    _import_from,
    lambda a, b: TypeError(f"{_callee_name(a)} argument after * must be an iterable, not {_type_name(b)}"),
    lambda a, b: TypeError(f"__init__() should return None, not '{_type_name(a)}'"),
    lambda a, b: TypeError("cannot 'yield from' a coroutine object in a non-coroutine generator"),
    lambda a, b: TypeError(f"object {_type_name(a)[:100]} can't be used in 'await' expression"),
    lambda a, b: TypeError("__await__() returned a coroutine"),
    lambda a, b: TypeError(f"__await__() returned non-iterator of type '{_type_name(a)[:100]}'"),
    lambda a, b: RuntimeError("coroutine is being awaited already"),
    lambda a, b: TypeError(f"'{_type_name(a)}' object does not support the asynchronous context manager protocol"),
    lambda a, b: TypeError(f"'{_type_name(a)}' object does not support the asynchronous context manager protocol"
                           " (missed __aexit__ method)"),
    lambda a, b: TypeError(f"'async for' requires an object with __aiter__ method, got {_type_name(a)[:100]}"),
    lambda a, b: TypeError("'async for' received an object from __aiter__ that does not implement __anext__: "
                           f"{_type_name(a)[:100]}"),
    lambda a, b: TypeError(f"'async for' requires an iterator with __anext__ method, got {_type_name(a)[:100]}"),
    lambda a, b: TypeError("'async with' received an object from __aenter__ that does not implement __await__: "
                           f"{_type_name(a)[:100]}"),
    lambda a, b: TypeError("'async with' received an object from __aexit__ that does not implement __await__: "
                           f"{_type_name(a)[:100]}"),
    lambda a, b: _caused(TypeError(f"'async for' received an invalid object from __anext__: {_type_name(a)[:100]}"), b),
    lambda a, b: TypeError("__mro_entries__ must return a tuple"),
    lambda a, b: TypeError(f"{'<metaclass>' if a is None else _name_of(a)}.__prepare__() must return a mapping, not {_type_name(b)}"),
    lambda a, b: RuntimeError(f"__class__ not set defining {_shown(a)} as {_shown(b)}. Was __classcell__ propagated to type.__new__?"),
    lambda a, b: TypeError(f"__class__ set to {_shown(a[1])} defining {_shown(a[0])} as {_shown(b)}"),
)


def _name_of(kind: type) -> str:
    name: str = type.__dict__["__name__"].__get__(kind)
    return name[:200]


def _shown(value: Any) -> str:
    return repr(value)[:200]


def _caused(exception: BaseException, cause: BaseException) -> BaseException:
    exception.__cause__ = exception.__context__ = cause
    return exception


def _raise_type(exc: Any, made: Any) -> BaseException:
    if made is not None:
        return TypeError(f"calling {exc!r} should have returned an instance of BaseException, not {_type_name(made)}")
    return TypeError("exceptions must derive from BaseException")


def make(kind: int, first: Any, second: Any) -> BaseException:
    """The exception of one kind (``MAKERS``), from the two objects that the handler had at hand."""
    exception: BaseException = MAKERS[kind](first, second)
    return exception


def without_own(error: BaseException) -> BaseException:
    """An exception that arrived in the runtime (a signal's), with its traceback from where the runtime was left."""
    trace = entry = error.__traceback__
    while entry is not None:
        name = entry.tb_frame.f_code.co_filename
        entry = entry.tb_next
        if name.startswith((PACKAGE, "<frozen importlib")):
            trace = entry
    return error.with_traceback(trace)


def _callee_name(callee: Any) -> str:
    """_PyObject_FunctionStr of CPython's object.c."""
    name = getattr(callee, "__qualname__", None)
    if name is None:
        return str(callee)
    module = getattr(callee, "__module__", None)
    if module is not None and module != "builtins":
        return f"{module}.{name}()"
    return f"{name}()"


def merge_keywords(target: dict[Any, Any], source: Any, callee: Any) -> BaseException | None:
    """``**source`` in a call: adds to ``target``; the exception to raise where a keyword is doubled or source is no mapping."""
    try:
        if not isinstance(source, dict):
            try:
                keys = source.keys()
            except AttributeError:
                return TypeError(f"{_callee_name(callee)} argument after ** must be a mapping, not {_type_name(source)}")
            source = {key: source[key] for key in keys}
        for key in source:
            if key in target:
                if isinstance(key, str):
                    return TypeError(f"{_callee_name(callee)} got multiple values for keyword argument '{key}'")
                return TypeError("keywords must be strings")
        target.update(source)
    except BaseException as error:
        return error.with_traceback(None)
    return None


def pair(first: Any, second: Any) -> list[Any] | BaseException:
    """What import_from, import_star, match_keys, match_class and ``except*`` ask for: the answer in a list, or the exception to raise."""
    try:
        if second is True:
            return [_split_group(*first)]
        if second is False:
            return [_group_to_raise(*first)]
        if isinstance(first, tuple) and second is None:
            return [_match_class(*first)]
        if isinstance(second, tuple):
            return [_match_keys(first, second)]
        if isinstance(second, dict):
            _import_star(first, second)
            return [None]
        return [_find_submodule(first, second)]
    except BaseException as error:
        return error.with_traceback(None)


def _split_group(exc: Any, kind: Any) -> tuple[Any, Any]:
    """check_except_star_type_valid and exception_group_match of CPython's ceval.c: what is taken of ``exc``, and the rest."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    for each in kinds:
        if not (issubclass(type(each), type) and _derives(each, (BaseException,))):
            raise TypeError("catching classes that do not inherit from BaseException is not allowed")
    for each in kinds:
        if issubclass(each, BaseExceptionGroup):
            raise TypeError("catching ExceptionGroup with except* is not allowed. Use except instead.")
    if exc is None:
        return None, None
    is_group = _derives(type(exc), (BaseExceptionGroup,))
    if _derives(type(exc), kinds):
        return exc if is_group else BaseExceptionGroup("", (exc,)), None
    if is_group:
        taken, rest = exc.split(kind)
        return taken, rest
    return None, exc


def _derives(kind: type, bases: tuple[type, ...]) -> bool:
    """PyType_IsSubtype: no metaclass is asked."""
    return any(each is base for each in type.__dict__["__mro__"].__get__(kind) for base in bases)


def _group_to_raise(exc: BaseException, raised: list[Any]) -> BaseException | None:
    """_PyExc_PrepReraiseStar of CPython's exceptions.c."""
    if not _derives(type(exc), (BaseExceptionGroup,)):
        return raised[0] if raised else None
    new: list[BaseException] = []
    leaves: set[int] = set()
    for each in raised:
        if each is None:
            continue
        if each.__traceback__ is exc.__traceback__ and each.__cause__ is exc.__cause__ and each.__context__ is exc.__context__:
            _add_leaves(each, leaves)
        else:
            new.append(each)
    subgroup: Any = BaseExceptionGroup.subgroup
    rest: BaseException | None = subgroup(exc, lambda leaf: id(leaf) in leaves)
    if not new:
        return rest
    if rest is not None:
        new.append(rest)
    return new[0] if len(new) == 1 else BaseExceptionGroup("", new)


def _add_leaves(exc: BaseException, leaves: set[int]) -> None:
    if isinstance(exc, BaseExceptionGroup):
        for each in exc.exceptions:
            _add_leaves(each, leaves)
    else:
        leaves.add(id(exc))


def _find_submodule(module: Any, name: str) -> Any:
    """import_from of CPython's ceval.c, after the attribute was not found."""
    package = getattr(module, "__name__", None)
    if isinstance(package, str):
        found = sys.modules.get(f"{package}.{name}")
        if found is not None:
            return found
    where = getattr(module, "__file__", None) if isinstance(module, ModuleType) else None
    shown = package if isinstance(package, str) else "<unknown module name>"
    if not isinstance(where, str):
        raise ImportError(f"cannot import name {name!r} from {shown!r} (unknown location)", name=package, path=None)
    spec = getattr(module, "__spec__", None)
    if getattr(spec, "_initializing", False):
        raise ImportError(f"cannot import name {name!r} from partially initialized module {shown!r} (most likely due to a "
                          f"circular import) ({where})", name=package, path=where)
    raise ImportError(f"cannot import name {name!r} from {shown!r} ({where})", name=package, path=where)


def _import_star(module: Any, names: dict[str, Any]) -> None:
    """import_all_from of CPython's ceval.c."""
    public: Any = getattr(module, "__all__", None)
    skip = public is None
    if skip:
        table = getattr(module, "__dict__", None)
        if table is None:
            raise ImportError("from-import-* object has no __dict__ and no __all__")
        public = list(table.keys())
    for name in public:
        if not isinstance(name, str):
            where = f"{module.__name__}.__dict__" if skip else f"{module.__name__}.__all__"
            raise TypeError(f"{'Key' if skip else 'Item'} in {where} must be str, not {_type_name(name)}")
        if skip and name.startswith("_"):
            continue
        names[name] = getattr(module, name)


def _match_keys(subject: Mapping[Any, Any], keys: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """match_keys of CPython's ceval.c."""
    seen: set[Any] = set()
    missing = object()
    values = []
    for key in keys:
        if key in seen:
            raise ValueError(f"mapping pattern checks duplicate key ({key!r})")
        seen.add(key)
        value = subject.get(key, missing)
        if value is missing:
            return None
        values.append(value)
    return tuple(values)


def _match_class(subject: Any, kind: Any, names: tuple[str, ...], count: int) -> tuple[Any, ...] | None:
    """match_class of CPython's ceval.c."""
    if not isinstance(kind, type):
        raise TypeError("called match pattern must be a class")
    if not isinstance(subject, kind):
        return None
    seen: set[str] = set()
    found: list[Any] = []

    def attribute(name: str) -> bool:
        if name in seen:
            raise TypeError(f"{kind.__name__}() got multiple sub-patterns for attribute {name!r}")
        seen.add(name)
        try:
            found.append(getattr(subject, name))
        except AttributeError:
            return False
        return True

    if count:
        whole = False
        try:
            positions: Any = kind.__match_args__  # type: ignore[attr-defined]
            if not isinstance(positions, tuple):
                raise TypeError(f"{kind.__name__}.__match_args__ must be a tuple (got {type(positions).__name__})")
        except AttributeError:
            positions = ()
            whole = bool(kind.__flags__ & 1 << 22)
        allowed = 1 if whole else len(positions)
        if allowed < count:
            plural = "" if allowed == 1 else "s"
            raise TypeError(f"{kind.__name__}() accepts {allowed} positional sub-pattern{plural} ({count} given)")
        if whole:
            found.append(subject)
        else:
            for name in positions[:count]:
                if not isinstance(name, str):
                    raise TypeError(f"__match_args__ elements must be strings (got {type(name).__name__})")
                if not attribute(name):
                    return None
    for name in names:
        if not attribute(name):
            return None
    return tuple(found)
