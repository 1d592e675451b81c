"""LLVM as a function from text to object bytes, through llvmlite's shared library and without its Python package.

Importing the package costs about five times what opening the library does, and nothing of it is needed here: text goes in,
bytes come out. The library is opened by the first ``Compiler`` that compiles; importing this module loads nothing.
The C functions have the signatures of llvmlite 0.50 (its ``binding`` package).

Several threads may compile, each with a Compiler of its own.
"""
from __future__ import annotations

import sys
from _thread import allocate_lock

from jitvm.backend import foreign
from jitvm.backend import linker as linker  # now: later the path may be the program's

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LIBRARY = "libllvmlite.so"
CODE_MODEL = b"small"
RELOCATION = b"pic"
"""'default' gives static code for a JIT, in which a switch needs 32-bit absolute addresses: such an object can only be loaded
into the lowest 2 GiB. Position-independent code costs nothing measurable and needs no absolute address at all."""

_P, _S, _I = foreign.Pointer, foreign.Bytes, foreign.Int32
_OUT = foreign.POINTER(_P)

# Name, result, arguments.
_SIGNATURES: tuple[tuple[str, Any, tuple[Any, ...]], ...] = (
    ("InitializeNativeTarget", _I, ()),
    ("InitializeNativeAsmPrinter", _I, ()),
    ("GetVersionInfo", foreign.UInt32, ()),
    ("DisposeString", None, (_P,)),
    ("GetProcessTriple", None, (_OUT,)),
    ("GetHostCPUName", None, (_OUT,)),
    ("GetHostCPUFeatures", _I, (_OUT,)),
    ("GetTargetFromTriple", _P, (_S, _OUT)),
    ("CreateTargetMachine", _P, (_P, _S, _S, _S, _I, _S, _S, _I, _I, _S)),
    ("CreateTargetMachineData", _P, (_P,)),
    ("CopyStringRepOfTargetData", None, (_P, _OUT)),
    ("DisposeTargetData", None, (_P,)),
    ("ContextCreate", _P, ()),
    ("ContextDispose", None, (_P,)),
    ("ParseAssembly", _P, (_P, _S, _OUT)),
    ("DisposeModule", None, (_P,)),
    ("SetDataLayout", None, (_P, _S)),
    ("SetTarget", None, (_P, _S)),
    ("VerifyModule", foreign.Bool, (_P, _OUT)),
    ("PrintModuleToString", None, (_P, _OUT)),
    ("TargetMachineEmitToMemory", _P, (_P, _P, _I, _OUT)),
    ("GetBufferStart", _P, (_P,)),
    ("GetBufferSize", foreign.Word, (_P,)),
    ("DisposeMemoryBuffer", None, (_P,)),
    ("CreatePipelineTuningOptions", _P, ()),
    ("DisposePipelineTuningOptions", None, (_P,)),
    ("PTOSetLoopVectorization", None, (_P, foreign.Bool)),
    ("PTOSetLoopInterleaving", None, (_P, foreign.Bool)),
    ("PTOSetSLPVectorization", None, (_P, foreign.Bool)),
    ("PTOSetLoopUnrolling", None, (_P, foreign.Bool)),
    ("CreatePassBuilder", _P, (_P, _P)),
    ("DisposePassBuilder", None, (_P,)),
    ("buildPerModuleDefaultPipeline", _P, (_P, _I)),
    ("CreateNewModulePassManager", _P, ()),
    ("RunNewModulePassManager", None, (_P, _P, _P)),
    ("DisposeNewModulePassManger", None, (_P,)),
)

PASSES = {
    "instcombine": "AddInstCombinePass",
    "simplifycfg": "AddSimplifyCFGPass",
    "sroa": "AddSROAPass",
    "gvn": "AddNewGVNPass",
    "dce": "AddDCEPass",
    "adce": "AddADCEPass",
    "dse": "AddDSEPass",
    "sccp": "AddSCCPPass",
    "inline": "AddAlwaysInlinerPass",
    "globaldce": "AddGlobalDCEPass",
    "reassociate": "AddReassociatePass",
    "loop-rotate": "AddLoopRotatePass",
    "loop-simplify": "AddLoopSimplifyPass",
    "loop-deletion": "AddLoopDeletionPass",
    "verify": "AddVerifierPass",
}
"""Single passes by name, for ``passes="instcombine,simplifycfg"``."""


class LLVMError(Exception):
    """LLVM is not there, or refuses its input; the message is LLVM's own where it has one."""


_string_from = foreign.bind("PyBytes_FromString", foreign.Object, _P)
_bytes_from = foreign.bind("PyBytes_FromStringAndSize", foreign.Object, _P, foreign.Int64)
# Not ctypes.string_at: that raises an audit event, which a hook of the user's program would see.

_lock = allocate_lock()
_search_path: list[str] | None = None


def remember_search_path() -> None:
    """Notes where packages are found now, for the library to be looked up later.

    Call it before a script runs: what it does to ``sys.path`` must not decide which library the process opens.
    """
    global _search_path
    _search_path = list(sys.path)


def library_path() -> str:
    """The path of llvmlite's shared library, found without importing llvmlite. Raises LLVMError if there is none."""
    path = _search_path if _search_path is not None else sys.path
    for finder in sys.meta_path:
        find = getattr(finder, "find_spec", None)
        # Only the finder that searches directories knows packages on a path; given one, it ignores sys.path.
        name = getattr(finder, "__name__", "")
        spec = find("llvmlite", path if name == "PathFinder" else None) if find is not None else None
        if spec is not None and spec.origin:
            return f"{spec.origin.rpartition('/')[0]}/binding/{LIBRARY}"
    raise LLVMError("llvmlite is not installed")


class _Library:
    """The opened library: its functions, and what it says about this machine.

    Its functions hold the interpreter lock: other threads must not see the compiler's frames in the program's own thread.
    """

    def __init__(self) -> None:
        path = library_path()
        try:
            self.handle = foreign.open_library(path)
            for name, result, arguments in _SIGNATURES:
                setattr(self, name, self.function(name, result, *arguments))
        except OSError as error:
            raise LLVMError(f"llvmlite's library cannot be used: {error}") from None
        self.InitializeNativeTarget()
        self.InitializeNativeAsmPrinter()
        self.triple = self.text(self.GetProcessTriple)
        self.cpu = self.text(self.GetHostCPUName)
        self.features = self.text(self.GetHostCPUFeatures)
        packed = self.GetVersionInfo()
        self.version = f"{packed >> 16 & 255}.{packed >> 8 & 255}.{packed & 255}"
        out = foreign.Pointer()
        self.target = self.GetTargetFromTriple(self.triple, out)
        if not self.target:
            raise LLVMError(self.take(out))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def text(self, function: Any, *arguments: Any) -> bytes:
        """What a function that answers through its last argument gives."""
        out = foreign.Pointer()
        function(*arguments, out)
        return self.take(out).encode()

    def take(self, out: foreign.Pointer) -> str:
        """The text of a string that LLVM has made, which is freed."""
        if not out.value:
            return ""
        text: bytes = _string_from(out)
        self.DisposeString(out)
        out.value = None
        return text.decode(errors="replace").rstrip()

    def single_pass(self, name: str) -> Any:
        """The function that adds a pass to a pass manager."""
        if name not in PASSES:
            raise LLVMError(f"no such pass: {name}")
        return self.function("module_" + PASSES[name], None, _P)

    def function(self, name: str, result: Any, *arguments: Any) -> Any:
        """A function of the library. Raises OSError if there is none."""
        return foreign.function_at(foreign.address_of("LLVMPY_" + name, self.handle), result, *arguments)


_library: _Library | None = None


def _open() -> _Library:
    """The library, opened at the first call; the caller has the lock."""
    global _library
    if _library is None:
        _library = _Library()
    return _library


class Host:
    """What code is compiled for: a part of the key of every piece of code kept on disk."""

    def __init__(self, triple: str, cpu: str, features: str, version: str) -> None:
        self.triple, self.cpu, self.features, self.version = triple, cpu, features, version


def host() -> Host:
    """The machine's target triple, CPU name and features, and LLVM's version. Opens the library (about 13 ms)."""
    with _lock:
        library = _open()
        return Host(library.triple.decode(), library.cpu.decode(), library.features.decode(), library.version)


class Compiler:
    """Compiles LLVM IR text for this machine at one level of code generation, 0 (fastest to compile) to 3.

    Making one costs nothing; the first use opens the library. One thread at a time may use it. Raises ValueError for a level that
    does not exist.
    """

    def __init__(self, opt_level: int) -> None:
        if opt_level not in (0, 1, 2, 3):
            raise ValueError(f"opt_level must be 0 to 3, not {opt_level}")
        self.opt_level = opt_level
        self._own = allocate_lock()
        self._machine: int | None = None
        self._layout = b""

    def object_bytes(self, text: str, *, passes: str | int = 0, verify: bool = False) -> bytes:
        """Compiles a module to a relocatable ELF object.

        ``passes``: 0 runs none, 1 to 3 LLVM's own pipeline of that level, a string those named, in order (PASSES).
        ``verify`` checks the module first. Raises LLVMError with LLVM's message if the text is refused. What LLVM calls a
        fatal error (a ``musttail`` call that it cannot make) ends the process.
        """
        return self._compile(text, passes, verify, 1)

    def assembly(self, text: str, *, passes: str | int = 0) -> str:
        """The same as assembler text, for people."""
        return self._compile(text, passes, True, 0).decode()

    def optimized(self, text: str, *, passes: str | int) -> str:
        """The module's IR text after the passes, for people."""
        with self._own:
            library = self._prepare()
            context = library.ContextCreate()
            try:
                module = self._parse(library, context, text, True)
                try:
                    self._run_passes(library, module, passes)
                    return library.text(library.PrintModuleToString, module).decode()
                finally:
                    library.DisposeModule(module)
            finally:
                library.ContextDispose(context)

    def _compile(self, text: str, passes: str | int, verify: bool, as_object: int) -> bytes:
        with self._own:
            return self._compile_locked(text, passes, verify, as_object)

    def _compile_locked(self, text: str, passes: str | int, verify: bool, as_object: int) -> bytes:
        library = self._prepare()
        # A context of its own for each module: its types and constants are freed with it.
        context = library.ContextCreate()
        try:
            module = self._parse(library, context, text, verify)
            try:
                if passes:
                    self._run_passes(library, module, passes)
                return self._emit(library, module, as_object)
            finally:
                library.DisposeModule(module)
        finally:
            library.ContextDispose(context)

    def _prepare(self) -> _Library:
        """Opens the library and makes the target machine, once."""
        with _lock:
            library = _open()
        if self._machine is None:
            machine = library.CreateTargetMachine(library.target, library.triple, library.cpu, library.features,
                                                  self.opt_level, RELOCATION, CODE_MODEL, 0, 1, b"")
            if not machine:
                raise LLVMError("LLVM has no target machine for this CPU")
            data = library.CreateTargetMachineData(machine)
            self._layout = library.text(library.CopyStringRepOfTargetData, data)
            library.DisposeTargetData(data)
            self._machine = machine
        return library

    def _parse(self, library: _Library, context: int, text: str, verify: bool) -> int:
        out = foreign.Pointer()
        module: int | None = library.ParseAssembly(context, text.encode(), out)
        message = library.take(out)
        if not module:
            raise LLVMError(message or "LLVM cannot parse the module")
        library.SetDataLayout(module, self._layout)
        library.SetTarget(module, library.triple)
        if verify:
            library.VerifyModule(module, out)
            message = library.take(out)
        if message:
            library.DisposeModule(module)
            raise LLVMError(message)
        return module

    def _run_passes(self, library: _Library, module: int, passes: str | int) -> None:
        steps = [] if isinstance(passes, int) else [library.single_pass(name.strip()) for name in passes.split(",")]
        if isinstance(passes, int) and passes not in (0, 1, 2, 3):
            raise LLVMError(f"no such pipeline: {passes}")
        options = library.CreatePipelineTuningOptions()
        # Loops over registers and arguments run a few times: wide copies of them cost more than they bring.
        library.PTOSetLoopVectorization(options, False)
        library.PTOSetLoopInterleaving(options, False)
        library.PTOSetSLPVectorization(options, False)
        library.PTOSetLoopUnrolling(options, False)
        builder = library.CreatePassBuilder(self._machine, options)
        manager = library.CreateNewModulePassManager() if steps else library.buildPerModuleDefaultPipeline(builder, passes)
        for step in steps:
            step(manager)
        library.RunNewModulePassManager(manager, module, builder)
        library.DisposeNewModulePassManger(manager)
        library.DisposePassBuilder(builder)
        library.DisposePipelineTuningOptions(options)

    def _emit(self, library: _Library, module: int, as_object: int) -> bytes:
        out = foreign.Pointer()
        buffer = library.TargetMachineEmitToMemory(self._machine, module, as_object, out)
        if not buffer:
            raise LLVMError(library.take(out) or "LLVM cannot emit the module")
        try:
            result: bytes = _bytes_from(library.GetBufferStart(buffer), library.GetBufferSize(buffer))
            return result
        finally:
            library.DisposeMemoryBuffer(buffer)
