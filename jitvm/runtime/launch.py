"""Runs a module's source in the VM: what the command calls, and what Python code that embeds jitvm would."""
from __future__ import annotations

import _frozen_importlib_external
import atexit
import gc
import sys
from time import perf_counter

from jitvm.frontend import module as trees
from jitvm.runtime import errors, frozen
from jitvm.runtime.departure import Departure
from jitvm.runtime.outlook import Outlook
from jitvm.runtime.sources import Sources
from jitvm.spec.bytecodes import UNIT
from jitvm.spec.cfunctions import NO_TABLE_YET, SLOTS
from jitvm.spec.settings import STEPWISE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType, ModuleType
    from typing import Any

    from jitvm.runtime.context import Native
    from jitvm.runtime.records import Records
    from jitvm.spec.settings import Settings
else:
    FunctionType = type(lambda: None)
    ModuleType = type(sys)


class Machine:
    """The virtual machine of this process."""

    def __init__(self, native: Native, records: Records, settings: Settings) -> None:
        self.native, self.records, self.settings = native, records, settings
        self.sources = Sources(settings.cache, settings.iterator_paths)
        self.driver: Any = None
        self.sampler: Any = None
        self.outlook = Outlook(native, records, settings)
        self.expressions: Any = None
        self.modules: Any = None
        self.departure = Departure(native, tells="e" in settings.dump)


machine: Machine | None = None
_host_only = ""


def start(settings: Settings, mark: list[int] | None = None) -> Machine | None:
    """The machine, made at the first call; None (with one warning) where this host or system cannot have one.

    ``mark`` was made before the caller imported this module, with the collector off: what it has made since then is the machine's.
    """
    if machine is not None or _host_only:
        return machine
    collecting = gc.isenabled() or mark is not None
    gc.disable()
    try:
        vm = _start(settings)
        if vm is not None and mark is not None:
            vm.native.settle(mark)
        return vm
    finally:
        if collecting:
            gc.enable()


def _start(settings: Settings) -> Machine | None:
    global machine, _host_only
    from jitvm.backend.elf import LoaderError
    from jitvm.spec.layout import UnknownLayout

    try:
        from jitvm.runtime import attributes, context
        from jitvm.runtime.continuation import Hosted
        from jitvm.runtime.modules import OwnModules
        from jitvm.runtime.records import Records

        native = context.load()
    except (UnknownLayout, LoaderError) as error:
        _host_only = str(error)
    except Exception as error:
        if type(error).__name__ != "LLVMError":
            raise
        _host_only = str(error)
    if _host_only:
        print(f"jitvm: warning: {_host_only}; the script runs on the host", file=sys.stderr)
        return None
    if settings.huge_pages:
        native.take_memory(settings.spare_memory)
    trees.calling, trees.loads, trees.dumps, trees.loading = native.parse, frozen.unmarshalled, context.marshalled, _load_frontend
    records = Records(native, settings.loop_threshold if settings.jit else 0)
    attributes.native = native
    native.set_object("vm_compile", records.compile)
    native.set_object("vm_hosted", Hosted(records).place)
    native.set_state("plans_off", int(not settings.call_binding))
    native.set_state("formats_off", int(not settings.format_cache))
    native.make_formats(settings.format_entries)
    if settings.expression_cache:
        native.set_object("vm_expression", _first_expression)
        native.set_state("expressions", NO_TABLE_YET)
    machine = Machine(native, records, settings)
    # It is never freed: functions of the program can be called after the modules of this package are gone (audit hooks, __del__).
    native.poke(id(machine), native.peek(id(machine)) + 1)
    machine.modules = OwnModules(native, records, machine.sources)
    records.unknown = machine.modules.discover
    records.keep = _keep
    native.set_object("vm_module", machine.modules.execute)
    atexit.register(_outlive)
    if settings.jit:
        _guard(native)
    importers: Any = _frozen_importlib_external
    importers.exec = native.execute
    if settings.jit:
        records.call_counter = settings.call_threshold if settings.locals_sync else 0  # native recursion has no frames to write to
        native.set_object("vm_hot", _first_hot)
    if "jitvm.report.stats" in sys.modules:
        from jitvm.report import stats

        stats.register(_report)
    if "jitvm.report.explain" in sys.modules:
        from jitvm.runtime.sampler import Sampler

        machine.sampler = Sampler(machine)
        atexit.register(machine.sampler.stop)
    return machine


FATAL_SIGNALS = (4, 7, 8, 11)
"""SIGILL, SIGBUS, SIGFPE, SIGSEGV."""


def _guard(native: Native) -> None:
    """Sees to it that a crash in native code shows the Python stack and how to run without compiled loops."""
    import faulthandler

    if not faulthandler.is_enabled():
        for number in FATAL_SIGNALS:
            native.guard(number)
        try:
            faulthandler.enable(2)
        except (OSError, ValueError, RuntimeError):
            return  # no stderr


def _first_hot(pc: int, registers: int) -> None:
    """The first hot loop: loads the tracing compiler, which takes over from here. What it costs, a short program never pays."""
    assert machine is not None
    settings = machine.settings
    if settings.loop_threshold > STEPWISE and settings.grace and not machine.outlook.pays(pc, registers):
        return
    try:
        driver = start_tracing(machine)
    except Exception as error:
        machine.native.set_object("vm_hot", _never_hot)
        print(f"jitvm: internal error, compilation is off: {error!r}", file=sys.stderr)
        return
    driver.hot(pc, registers)


def _load_frontend() -> None:
    """Loads the frontend's compiler, of which the collector need not know: a script that ran before does without it."""
    from jitvm.runtime import bundle

    assert machine is not None
    collecting = gc.isenabled()
    gc.disable()
    mark = [gc.get_count()[0]]
    try:
        bundle.load(bundle.FRONTEND, (*bundle.BASE, *bundle.START))
        from jitvm.frontend import compiler  # noqa: F401

        if "threading" not in sys.modules:  # nothing of another thread was made meanwhile
            machine.native.settle(mark)
    finally:
        if collecting:
            gc.enable()


def _first_expression() -> tuple[BaseException] | None:
    """The first text that the program compiles: makes the table of the expression cache. A signal's exception is the answer."""
    assert machine is not None
    native = machine.native
    native.set_state("expressions", 0)
    try:
        from jitvm.runtime.expressions import Expressions

        machine.expressions = Expressions(native, machine.settings.expression_entries)
    except BaseException as error:
        native.set_state("expressions", NO_TABLE_YET)
        return (errors.without_own(error),)
    return None


class _Kept:
    """Stands in for a module of this package at the end of the process, with the same names: the host does not take it to pieces."""


def _outlive() -> None:
    """At exit, after all that the program has registered: the process ends here, or the machine stays until it is gone."""
    assert machine is not None
    machine.departure.leave()
    for name, module in list(sys.modules.items()):
        if type(module) is ModuleType and name.partition(".")[0] == "jitvm":
            machine.native.poke(id(module), machine.native.peek(id(module)) + 1)
            kept = _Kept()
            kept.__dict__ = module.__dict__
            sys.modules[name] = kept  # type: ignore[assignment]


def ends_with(status: object) -> None:
    """The program has ended with a status, and nothing is left to be reported. ``status``: what SystemExit has as its code."""
    if machine is not None and machine.settings.quick_end:
        if status is None:
            status = 0
        if type(status) is int and 0 <= status <= HIGHEST_STATUS:
            machine.departure.status = status


HIGHEST_STATUS = 255


def _never_hot(_pc: int, _registers: int) -> None:
    """Compilation is off: hot loops stay in the interpreter."""


def start_tracing(vm: Machine) -> Any:
    """Makes the tracing compiler of the process."""
    mark = [gc.get_count()[0]]
    from jitvm.runtime import context

    kit = context.trace_kit(files=bool(vm.settings.verify or vm.settings.dump))
    from jitvm.tracing.driver import Driver

    driver = Driver(vm.native, vm.records, vm.settings, kit, context.trace_key(), vm.outlook)
    vm.driver = driver
    vm.native.set_object("vm_hot", driver.hot)
    vm.native.set_object("vm_recorded", driver.recorded)
    vm.native.set_object("vm_exit", driver.exit)
    vm.native.set_object("vm_ready", driver.ready)
    vm.native.settle(mark)
    return driver


def _report(stats: Any) -> None:
    """Adds what the machine knows to the statistics."""
    from jitvm.spec import reasons

    assert machine is not None
    for record in machine.records.all:
        if record.reason:
            stats.host_function(record.code.co_qualname, record.code.co_filename, record.code.co_firstlineno, record.reason)
        else:
            stats.functions_vm += 1
    for code in machine.modules.run_by_host():
        stats.host_function(code.co_qualname, code.co_filename, code.co_firstlineno, reasons.describe("host-called"))
    words = (machine.native.words, machine.native.twin)
    parsed, refused, found, missed, plans, finds, filled, hits, misses = (sum(part[SLOTS[name]] for part in words) for name in (
        "formats_parsed", "formats_refused", "expression_hits", "expression_misses", "plans_made", "plan_finds", "format_size",
        "format_hits", "format_misses"))
    sources = machine.sources
    texts = machine.expressions
    stats.cache("expressions", found, missed, texts.size if texts else 0, texts.bound if texts else 0)
    stats.cache("bytecode", sources.hits, sources.misses, len(sources.modules), 0)
    stats.cache("formats", hits, misses, filled, machine.native.format_bound)
    stats.cache("constant formats", parsed, refused, parsed + refused, 0)
    stats.cache("call plans", finds, plans, plans, 0)
    if machine.driver is not None:
        machine.driver.report(stats)
    _report_early(stats, machine)
    if machine.sampler is not None:
        machine.sampler.report(stats)


def _report_early(stats: Any, vm: Machine) -> None:
    """Adds the loops that got hot before the compiler was loaded, and not again later."""
    from jitvm.spec import reasons

    for pc, reason in sorted(vm.outlook.early.items()):
        record = vm.records.at(pc) if vm.driver is None or pc not in vm.driver.roots else None
        if record is not None and record.unit is not None:
            line = record.unit.line((pc - record.base) // UNIT)
            stats.loop(record.code.co_filename, line, "aborted", reasons.describe(reason), function=record.code.co_qualname)


def run_module(source: bytes | str, filename: str, namespace: dict[str, Any], settings: Settings) -> None:
    """Compiles ``source`` and runs it as a module body in ``namespace``; raises what it raises.

    The module's frame has no caller: the launcher's frames are not seen by the script.
    """
    vm = start(settings)
    if vm is None:
        exec(compile(source, filename, "exec", dont_inherit=True), namespace)
        return
    module = vm.sources.module(source, filename)
    if not sys.flags.safe_path:
        vm.modules.begin(sys.path[0])
    vm.modules.know(module)
    record = vm.records.add(module, module.host)
    if record is None or record.reason:
        exec(module.host, namespace)
        return
    vm.outlook.begun = perf_counter()
    try:
        vm.native.run_module(FunctionType(module.host, namespace), namespace, 0)
    finally:
        _keep()
        vm.records.end()


def _keep() -> None:
    """Stores the bytecode that was compiled in this run, where nobody looks on."""
    assert machine is not None
    if any(observer.value for observer in machine.native.observers):
        return
    machine.sources.save()
