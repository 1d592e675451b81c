"""Imports in all shapes, of the program's own modules too."""
# leaks: no (a module that is imported again leaves the records of its old code objects; CPython grows here too)
import importlib
import os.path
import os.path as path
import sys
import xml.etree.ElementTree as ET
from collections import OrderedDict as OD
from shapes import *
import helpers
import shapes
from helpers import inner, double
from helpers.inner import apply as ap, make_adder


def inside():
    import string
    from math import (sqrt,
                      floor)
    return string.digits, sqrt(16), floor(2.5)


def optional():
    try:
        import no_such_module
    except ImportError as error:
        return str(error), error.name
    return no_such_module


def broken():
    for text in ("from shapes import nothing", "from helpers import absent", "import helpers.absent", "from . import x", "from math import sines"):
        try:
            exec(text, {"__name__": "__main__"})
        except ImportError as error:
            print(type(error).__name__, str(error).replace(path.dirname(path.abspath(__file__)), "DIR"))
    try:
        from shapes import nope
    except ImportError as error:
        print(str(error).replace(path.dirname(path.abspath(__file__)), "DIR"), error.name)


def main():
    print(inside(), optional(), os.path is path, OD, ET.fromstring("<a><b/></a>")[0].tag)
    figures = [Circle(1), Square(2), Circle(0.5)]
    print(round(total_area(figures), 3), [type(f).__name__ for f in sorted(figures)], where(), shapes._hidden, shapes.LOADED)
    print("fails" in globals(), "_hidden" in globals(), helpers.VERSION, inner.double(4), double(5), ap(double, [1, 2]), make_adder(3)(4))
    broken()
    try:
        shapes.fails(1)
    except ZeroDivisionError as error:
        tb = error.__traceback__.tb_next
        print(tb.tb_frame.f_code.co_name, tb.tb_lineno, os.path.basename(tb.tb_frame.f_code.co_filename))
    print(importlib.import_module("shapes") is shapes, sys.modules["helpers.inner"] is inner, __import__("shapes").__name__)
    total = 0
    for i in range(200):
        total += double(i) + make_adder(i)(1)
    print(total)


main()
