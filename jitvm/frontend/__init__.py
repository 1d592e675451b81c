"""The frontend: Python source to register bytecode, a function at a time, at its first call.

``module.Module`` is a parsed source; ``code.CodeUnit`` is what a function becomes.
"""
