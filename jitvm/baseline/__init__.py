"""The baseline compiler: machine code from the text of a region at once, without LLVM."""
