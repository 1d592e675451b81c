"""jitvm: a Python virtual machine with a tracing JIT, written in Python, on CPython's own objects."""

__version__ = "0.1.0"
