"""Runs every measurement and writes ``bench/RESULTS.md``:

    python bench/report.py [--runs 3] [--keep] [--note TEXT] [--python PATH] [--pypy PATH] [--peer NAME=COMMAND] [--output FOLDER]

The comparison on the seven workloads (compare.py), small loops (micro.py), and what each mechanism is worth (ablation.py). With --keep,
what the output folder has already is not measured again. The exit status is 1 if any of them found a problem.
"""
from __future__ import annotations

import argparse
import contextlib
import io
import sys
from pathlib import Path

import ablation
import compare
import micro

HERE = Path(__file__).resolve().parent
PARTS = (("results.md", compare.main, "--runs"), ("micro.md", micro.main, "--rounds"), ("ablation.md", ablation.main, "--runs"))
HEAD = "<!-- Written by `python bench/report.py`. -->\n\n"


def main(arguments: list[str]) -> int:
    """Measures what is to be measured and joins the reports."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="measured runs of each (default: 3)")
    parser.add_argument("--keep", action="store_true", help="do not measure again what the output folder has")
    parser.add_argument("--note", default="", help="a sentence for the head of the report, such as what else the machine did")
    parser.add_argument("--to", type=Path, default=HERE / "RESULTS.md", help="the file that is written")
    compare.add_machine_options(parser)
    options = parser.parse_args(arguments)
    rest = compare.machine_arguments(options)
    status = 0
    texts = []
    for name, measure, times in PARTS:
        if not (options.keep and (options.output / name).exists()):
            with contextlib.redirect_stdout(io.StringIO()):
                status |= measure([times, str(options.runs), *rest])
        texts.append((options.output / name).read_text())
    options.to.write_text(HEAD + (options.note + "\n\n" if options.note else "") + "\n".join(texts))
    print(f"written: {options.to}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
