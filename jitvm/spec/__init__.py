"""Tables: bytecodes, C functions, layouts, settings, reasons."""
