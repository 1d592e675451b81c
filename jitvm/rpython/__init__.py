"""Restricted Python and its translators: to LLVM for the interpreter, the same with recording, and to a trace generator."""
