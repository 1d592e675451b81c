"""Texts and modules that do not compile: what the compiler's errors leave behind can end, and be collected.

# leaks: no
"""
import gc
import os
import sys
import tempfile


def attempt(text):
    try:
        exec(compile(text, "text", "exec"))
    except (SyntaxError, ValueError) as error:
        error.loop = error
        return type(error).__name__, str(error)[:60]


def main():
    texts = ("\udc80", "x = '\\udc80'\n\udcff", "def f(:", "x\0y", "(" * 300, "\n".join("a = [" for _ in range(9)), "'\\q'")
    with tempfile.TemporaryDirectory() as folder:
        sys.path.insert(0, folder)
        for number, text in enumerate(texts):
            print(attempt(text))
            path = os.path.join(folder, f"unreadable_{number}.py")
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
            try:
                __import__(f"unreadable_{number}")
            except (SyntaxError, ValueError) as error:
                print(type(error).__name__)
            gc.collect()
        sys.path.remove(folder)
    print(gc.collect() < 1000)


main()
