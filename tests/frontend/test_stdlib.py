"""Every function of many modules of the standard library compiles to a unit that the verifier accepts."""
import importlib.util
import pathlib

import pytest

from jitvm.frontend.code import REASONS, Unsupported
from jitvm.frontend.module import Module
from jitvm.frontend.verifier import verify

MODULES = [
    "argparse", "json.decoder", "json.encoder", "textwrap", "dataclasses", "typing", "difflib", "csv", "heapq",
    "statistics", "tokenize", "inspect", "enum", "functools", "collections", "random", "string", "shlex",
    "configparser", "copy", "fractions", "contextlib", "ast", "calendar", "cmd", "datetime", "decimal", "_pydecimal",
    "fnmatch", "gettext", "glob", "hashlib", "html.parser", "http.client", "imaplib", "ipaddress", "locale",
    "logging", "mailbox", "optparse", "pathlib", "pdb", "pickle", "platform", "pprint", "re._parser", "re._compiler",
    "sched", "shutil", "smtplib", "ssl", "subprocess", "tarfile", "tempfile", "threading", "timeit", "trace",
    "traceback", "turtle", "unittest.case", "unittest.mock", "uuid", "warnings", "weakref", "xml.dom.minidom",
    "zipfile", "test.test_grammar", "test.test_patma", "test.test_exceptions", "test.test_with", "test.test_fstring",
    "test.test_except_star",
]


@pytest.mark.parametrize("name", MODULES)
def test_functions_compile(name):
    path = importlib.util.find_spec(name).origin
    module = Module(pathlib.Path(path).read_bytes(), path)
    compiled = 0
    for code in module.codes():
        try:
            unit = module.unit(code)
        except Unsupported as unsupported:
            assert unsupported.reason in REASONS.values()
            assert unsupported.line >= code.co_firstlineno
        else:
            verify(unit, code)
            compiled += 1
    assert compiled
