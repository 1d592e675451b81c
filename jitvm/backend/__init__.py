"""Machine code: LLVM text to objects, objects into memory, and both kept on disk."""
