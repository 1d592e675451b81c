"""From hot loops to trace code: hotness, outcome profiles, and the abstract machine that replays handlers into LLVM text."""
