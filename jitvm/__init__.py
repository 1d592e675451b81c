"""jitvm: a Python virtual machine with a tracing JIT, written in Python, on CPython's own objects."""
import sys

__version__ = "0.1.0"


def _own_builtins() -> None:
    """Gives jitvm's modules a copy of the builtins: a program that patches ``builtins.len`` must not change how it is compiled."""
    import builtins

    machinery = sys.modules["_frozen_importlib_external"]
    if type(__spec__.loader) is not machinery.SourceFileLoader:
        return
    own = dict(vars(builtins))

    class Loader(machinery.SourceFileLoader):  # type: ignore[name-defined, misc]
        """The host's loader; the modules it makes have builtins of their own."""

        def exec_module(self, module: object) -> None:
            module.__dict__["__builtins__"] = own
            super().exec_module(module)

    suffixes = [(Loader, machinery.SOURCE_SUFFIXES)]
    base = __path__[0]
    for name in ("", "/backend", "/baseline", "/frontend", "/interpreter", "/report", "/rpython", "/runtime", "/spec", "/tracing"):
        sys.path_importer_cache[base + name] = machinery.FileFinder(base + name, *suffixes)


_own_builtins()
