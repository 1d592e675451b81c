"""jitvm: a Python virtual machine with a tracing JIT, written in Python, on CPython's own objects."""
import sys

__version__ = "0.1.0"


PACKAGES = ("backend", "baseline", "frontend", "interpreter", "report", "rpython", "runtime", "spec", "tracing")


def _begin() -> None:
    """Makes the packages below this one, which have nothing but modules: nobody need look for their files.

    Their modules get a copy of the builtins: a program that patches ``builtins.len`` must not change how it is compiled.
    """
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
    this, base = sys.modules[__name__], __path__[0]
    sys.path_importer_cache[base] = machinery.FileFinder(base, *suffixes)
    for name in PACKAGES:
        folder = f"{base}/{name}"
        sys.path_importer_cache[folder] = machinery.FileFinder(folder, *suffixes)
        module = type(sys)(f"{__name__}.{name}")
        module.__file__, module.__package__, module.__path__ = f"{folder}/__init__.py", module.__name__, [folder]
        module.__loader__ = Loader(module.__name__, module.__file__)
        module.__spec__ = type(__spec__)(module.__name__, module.__loader__, origin=module.__file__)
        module.__spec__.submodule_search_locations = module.__path__
        sys.modules[module.__name__] = module
        setattr(this, name, module)


_begin()
