"""What the command line asks for: ``jitvm run script.py`` behaves as ``python script.py`` does, and some commands beside it.

What happens before the script's first line is part of the start-up time, so this module imports almost nothing and parses
its options itself. What the script can see of the process (``sys.argv``, ``sys.path``, ``__main__``, tracebacks, exit
status) is what ``python`` would have given it.
"""
from __future__ import annotations

import os
import sys

from jitvm.spec.settings import SettingError, Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, TracebackType
    from typing import Any, NoReturn

USAGE = """\
usage: jitvm run [options] script.py | -m module | -c code | -  [arguments]
       jitvm explain [options] script.py | -m module | -c code | -  [arguments]
       jitvm dis script.py
       jitvm --version | --help
"""
RUN_HELP = """\
usage: jitvm run [options] script.py | -m module | -c code | -  [arguments]

Runs a Python program as `python` does, in jitvm's virtual machine.

  --no-jit           interpret only: no loop is compiled
  --stats            print a summary to stderr at exit
  --stats-json FILE  write the figures to a file at exit
  -X name=value      change a setting (repeatable)
  --help-x           list the settings
  -h, --help         show this
"""


class _Usage(Exception):
    """A wrong command line; the message is the line that the user sees."""


class _Request:
    """What the command line asks to run: ``kind`` is ``file``, ``module``, ``code`` or ``stdin``."""

    __slots__ = ("arguments", "explain", "json_file", "kind", "settings", "stats", "target")

    def __init__(self) -> None:
        self.kind = ""
        self.target = ""
        self.arguments: list[str] = []
        self.settings = Settings()
        self.stats = self.explain = False
        self.json_file: str | None = None


def entry() -> None:
    """The ``jitvm`` command. Ends the process by SystemExit, or by the script's own exception as ``python`` does."""
    try:
        main(sys.argv[1:])
        _ends_with(0)
    except SystemExit as end:
        _ends_with(end.code)
        raise
    except _Usage:
        raise
    except BaseException as error:
        _report_as_host(error)
        raise


def _ends_with(status: object) -> None:
    """Tells the machine, if there is one, the status of the process."""
    launch = sys.modules.get("jitvm.runtime.launch")
    if launch is not None:
        launch.ends_with(status)


def main(arguments: list[str]) -> None:
    """Does what the arguments say. Raises SystemExit with a status, or what the script raises."""
    try:
        command = arguments[0] if arguments else ""
        if command == "run":
            request = _parse_run(arguments[1:])
        elif command == "explain":
            request = _parse_run(arguments[1:])
            request.explain = True
        elif command == "dis":
            _dis(arguments[1:])
        elif command in ("--version", "-V"):
            from jitvm import __version__
            _say(f"jitvm {__version__} (Python {sys.version.split()[0]})\n")
        elif command in ("--help", "-h"):
            _say(USAGE)
        elif not command:
            raise _Usage("a command is missing")
        else:
            raise _Usage(f"unknown {'option' if command.startswith('-') else 'command'} {command}")
    except (_Usage, SettingError) as error:
        sys.stderr.write(f"jitvm: {error}\n{USAGE}")
        raise SystemExit(2) from None
    _run(request)


def _say(text: str) -> NoReturn:
    sys.stdout.write(text)
    raise SystemExit(0)


def _dis(arguments: list[str]) -> NoReturn:
    if len(arguments) != 1 or arguments[0].startswith("-"):
        raise _Usage("dis takes one file")
    from jitvm.report import dis
    raise SystemExit(dis.main(arguments[0]))


def _parse_run(arguments: list[str]) -> _Request:
    """Reads the options of ``run``. Options end at the program, as those of ``python`` do."""
    request = _Request()
    rest = list(arguments)
    while rest:
        option = rest.pop(0)
        if option == "-" or not option.startswith("-"):
            request.kind, request.target = ("stdin", "-") if option == "-" else ("file", option)
            break
        if option == "--":
            continue
        if option[:2] in ("-c", "-m"):
            request.kind = "code" if option[1] == "c" else "module"
            request.target = _value(option, rest, 2)
            break
        _parse_option(option, rest, request)
    if not request.kind:
        raise _Usage("nothing to run: a script, -m, -c or - is missing")
    request.arguments = rest
    return request


def _parse_option(option: str, rest: list[str], request: _Request) -> None:
    """Reads one option, and its value from what follows."""
    if option == "--no-jit":
        request.settings.apply("jit=0")
    elif option == "--stats":
        request.stats = True
    elif option == "--stats-json" or option.startswith("--stats-json="):
        request.json_file = _value(option, rest, len("--stats-json"))
    elif option.startswith("-X"):
        request.settings.apply(_value(option, rest, 2))
    elif option == "--help-x":
        from jitvm.spec.settings import help_text
        _say(help_text())
    elif option in ("-h", "--help"):
        _say(RUN_HELP)
    else:
        raise _Usage(f"unknown option {option}")


def _value(option: str, rest: list[str], length: int) -> str:
    """The value of an option: what is written behind it, or the next argument."""
    if len(option) > length:
        return option[length:].removeprefix("=") if option.startswith("--") else option[length:]
    if not rest:
        raise _Usage(f"argument expected for the {option} option")
    return rest.pop(0)


def _run(request: _Request) -> None:
    """Sets the process up as ``python`` does and runs the program."""
    if request.stats or request.json_file is not None or request.explain:
        import atexit

        from jitvm.report import stats
        atexit.register(stats.AtExit(summary=request.stats, json_file=request.json_file, settings=request.settings.changed(),
                                     explains=request.explain))
    if request.kind == "file":
        _run_file(request)
        return
    launch = _launcher(request.settings)
    namespace = _new_main(request)
    if request.kind == "module":
        _set_path(os.getcwd())
        sys.argv[0] = "-m"
        _run_module(request.target, True, request, launch)
    elif request.kind == "code":
        _set_path("")
        sys.argv[0] = "-c"
        try:
            request.target.encode()
        except UnicodeEncodeError:
            sys.stderr.write("Unable to decode the command from the command line:\n")
            raise
        launch(request.target, "<string>", namespace, request.settings)
    else:
        _set_path("")
        _run_as_file(sys.stdin.buffer.read() if sys.stdin is not None else b"", "<stdin>", namespace, request, launch)


def _launcher(settings: Settings) -> Any:
    """Starts the virtual machine and returns its function that executes a module's source in a namespace.

    To be called before the script's directory is on the path: a file there could shadow what the machine needs.
    """
    from jitvm.runtime import bundle, launch
    launch.start(settings, bundle.mark)
    return launch.run_module


_previous_main: Any = None


def _new_main(request: _Request) -> dict[str, Any]:
    """Sets ``sys.argv``, puts a fresh ``__main__`` module into ``sys.modules`` and returns its namespace, in the host's order."""
    global _previous_main
    import builtins
    from _frozen_importlib import BuiltinImporter
    # The module that holds the code of the caller must live as long as that code runs.
    _previous_main = sys.modules["__main__"]
    module = type(sys)("__main__")
    sys.modules["__main__"] = module
    namespace = module.__dict__
    namespace["__loader__"] = BuiltinImporter
    if sys.version_info < (3, 14):
        namespace["__annotations__"] = {}
    namespace["__builtins__"] = builtins
    sys.argv[:] = [request.target, *request.arguments]
    return namespace


def _set_path(first: str) -> None:
    """Puts what belongs to the program at the head of ``sys.path``, where the host has put what belongs to this command."""
    if not sys.flags.safe_path:
        sys.path[0] = first


def _run_file(request: _Request) -> None:
    """Runs a script, or the ``__main__`` of a directory or archive."""
    path = request.target
    absolute = path if os.path.isabs(path) else f"{os.getcwd()}/{path}"  # not normalised: the host shows it as it was given
    if _has_importer(absolute):
        launch = _launcher(request.settings)
        _new_main(request)
        if not sys.flags.safe_path:
            del sys.path[0]
        sys.path.insert(0, absolute)
        _run_module("__main__", False, request, launch)
        return
    try:
        with open(path, "rb", buffering=0) as file:
            source = file.readall()
    except OSError as error:
        sys.stderr.write(f"{sys.executable}: can't open file {absolute!r}: [Errno {error.errno}] {error.strerror}\n")
        raise SystemExit(2) from None
    launch = _launcher(request.settings)
    namespace = _new_main(request)
    _set_path(os.path.dirname(os.path.realpath(path)))
    import _frozen_importlib_external as importers
    if path.endswith(".pyc"):
        loader = namespace["__loader__"] = importers.SourcelessFileLoader("__main__", absolute)
        namespace["__file__"], namespace["__cached__"] = absolute, None
        code = loader.get_code("__main__")
        assert code is not None
        exec(code, namespace)
        return
    namespace["__loader__"] = importers.SourceFileLoader("__main__", absolute)
    _run_as_file(source, absolute, namespace, request, launch)


def _has_importer(path: str) -> bool:
    """Whether modules can be imported from a path: it is a directory or an archive."""
    for hook in sys.path_hooks:
        try:
            hook(path)
        except ImportError:
            continue
        return True
    return False


_named_by_us = False
"""Whether the script's module got ``__file__`` from us; not the module's dict, which nobody may keep alive."""


def _run_as_file(source: bytes, filename: str, namespace: dict[str, Any], request: _Request, launch: Any) -> None:
    """Runs source text that the host would read from a file."""
    global _named_by_us
    namespace["__file__"], namespace["__cached__"] = filename, None
    _named_by_us = True
    refusal = None
    try:
        launch(source, filename, namespace, request.settings)
    except (SyntaxError, ValueError) as error:
        if _script_entries(error.__traceback__) is not None:
            raise
        refusal = error.with_traceback(None)
    if refusal is not None:
        _raise_as_host(source, filename)
        raise refusal
    _forget_names()


def _forget_names() -> None:
    """Removes from ``__main__`` what the host removes once a script has ended."""
    if _named_by_us:
        for name in ("__file__", "__cached__"):
            sys.modules["__main__"].__dict__.pop(name, None)


def _raise_as_host(source: bytes, filename: str) -> None:
    """Has the host's parser read text that does not compile, as a file: its messages differ from those of ``compile``."""
    from jitvm.backend.foreign import Bytes, Int32, Object, Pointer, Word, bind
    run = bind("PyRun_FileExFlags", Object, Pointer, Bytes, Int32, Object, Object, Int32, Pointer)
    stream = bind("fmemopen", Pointer, Bytes, Word, Bytes)(source, len(source), b"r")
    if stream:
        whole_file = 257
        run(stream, os.fsencode(filename), whole_file, {}, {}, 1, None)


def _run_module(name: str, by_name: bool, request: _Request, launch: Any) -> None:
    """Runs a module as ``__main__`` through the host's own runpy, which finds it, names errors and is part of tracebacks."""
    import runpy

    def execute(code: CodeType, namespace: dict[str, Any]) -> None:
        # For this one call; afterwards runpy serves the script as it always does.
        del runpy.exec  # type: ignore[attr-defined]
        source = _module_source(namespace, code)
        if source is None:
            exec(code, namespace)
        else:
            launch(source, code.co_filename, namespace, request.settings)

    runpy.exec = execute  # type: ignore[attr-defined]
    runpy._run_module_as_main(name, by_name)  # type: ignore[attr-defined]


def _module_source(namespace: dict[str, Any], code: CodeType) -> bytes | None:
    """The source text of a module that its loader has found; None if there is none."""
    spec = namespace["__spec__"]
    try:
        if not code.co_filename.endswith(".py"):
            return None
        source: bytes = spec.loader.get_data(code.co_filename)
    except (OSError, AttributeError):
        return None
    return source


def _script_entries(entries: TracebackType | None) -> TracebackType | None:
    """A traceback without the entries of this command, which lie above the script's (and between runpy's and the script's)."""
    while entries is not None and _is_own(entries):
        entries = entries.tb_next
    runpy = sys.modules.get("runpy")
    last = entries
    while last is not None and runpy is not None and last.tb_frame.f_globals is runpy.__dict__:
        while last.tb_next is not None and _is_own(last.tb_next):
            last.tb_next = last.tb_next.tb_next
        last = last.tb_next
    return entries


def _is_own(entry: TracebackType) -> bool:
    """Whether a traceback's entry is of jitvm's own code."""
    name = entry.tb_frame.f_globals.get("__name__")
    return isinstance(name, str) and name.startswith("jitvm.")


def _report_as_host(error: BaseException) -> None:
    """Sees to it that the host, when the exception reaches it, reports it without the entries of this command.

    The host does the rest: the script's ``sys.excepthook``, errors in it, and the status of a keyboard interrupt.
    """
    entries = _script_entries(error.__traceback__)
    missing = not hasattr(sys, "excepthook")
    hook = sys.__excepthook__ if missing else sys.excepthook

    def once(kind: type[BaseException], value: BaseException, _: TracebackType | None) -> None:
        if missing:
            del sys.excepthook
            sys.stderr.write("sys.excepthook is missing\n")
        else:
            sys.excepthook = hook
        value.__traceback__ = sys.last_traceback = entries
        try:
            hook(kind, value, entries)
        except Exception as second:
            # As the host words it, but without the entry of this function.
            sys.stderr.write("Error in sys.excepthook:\n")
            second.__traceback__ = second.__traceback__ and second.__traceback__.tb_next
            sys.__excepthook__(type(second), second, second.__traceback__)
            sys.stderr.write("\nOriginal exception was:\n")
            sys.__excepthook__(kind, value, entries)
        finally:
            _forget_names()

    sys.excepthook = once
