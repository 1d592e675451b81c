"""The comparison's statistics, tables and picture on made-up data, and one small real run."""

from __future__ import annotations

import json
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
sys.path.insert(0, str(BENCH))

import ablation  # type: ignore[import-not-found] # noqa: E402
import compare  # type: ignore[import-not-found] # noqa: E402
import micro  # type: ignore[import-not-found] # noqa: E402
import picture  # type: ignore[import-not-found] # noqa: E402
import tables  # type: ignore[import-not-found] # noqa: E402

RUNS = {
    "fib": {"jitvm": [10.0, 20.0], "CPython 3.11.7": [100.0, 100.0], "PyPy": [30.0, 32.0]},
    "nested": {"jitvm": [5.0, 5.0], "CPython 3.11.7": [50.0, 60.0]},
    "all_seven": {"jitvm": [16.0, 26.0], "CPython 3.11.7": [151.0, 161.0], "PyPy": [60.0, 60.0]},
}


def results() -> dict[str, object]:
    return {
        "environment": {"cpu": "A CPU", "cores": 2, "system": "A system", "runs": 2, "date": "2000-01-01"},
        "machines": {name: {"version": f"version of {name}", "command": name} for name in ("jitvm", "CPython 3.11.7", "PyPy")},
        "vm": "jitvm",
        "reference": "CPython 3.11.7",
        "runs": {"whole": RUNS, "inside": {}},
        "memory": {"fib": {"jitvm": 30.2, "PyPy": 70.0}},
        "problems": [],
    }


def test_summary() -> None:
    assert tables.summarize([1.0, 2.0, 3.0]) == tables.Summary(2.0, 1.0, 1.0, 3.0)
    assert tables.summarize([4.0]) == tables.Summary(4.0, 0.0, 4.0, 4.0)
    with pytest.raises(ValueError, match="no numbers"):
        tables.summarize([])


def test_geometric_mean() -> None:
    assert tables.geometric_mean([2.0, 8.0]) == pytest.approx(4.0)
    assert tables.geometric_mean([]) != tables.geometric_mean([])


def test_the_total_is_of_the_single_workloads_and_of_machines_that_did_all() -> None:
    assert tables.with_total(RUNS)["total"] == {"jitvm": [15.0, 25.0], "CPython 3.11.7": [150.0, 160.0]}
    assert tables.with_total({}) == {}


def test_table_of_runs() -> None:
    assert (
        tables.aligned(tables.run_table([10.0, 20.0], [100.0, 100.0]))
        == """\
| run                | VM ms | Python ms | ratio |
|--------------------|------:|----------:|------:|
| 1                  |  10.0 |     100.0 | 10.00 |
| 2                  |  20.0 |     100.0 |  5.00 |
| average            |  15.0 |     100.0 |  7.50 |
| standard deviation |   7.1 |       0.0 |  3.54 |
| minimum            |  10.0 |     100.0 |  5.00 |
| maximum            |  20.0 |     100.0 | 10.00 |
"""
    )


def test_overview() -> None:
    assert tables.overview_table(RUNS, ["jitvm", "CPython 3.11.7", "PyPy"], "CPython 3.11.7") == [
        ["workload", "jitvm", "CPython 3.11.7", "PyPy"],
        ["fib", "15.0 (6.67x)", "100.0", "31.0 (3.23x)"],
        ["nested", "5.0 (11.00x)", "55.0", "-"],
        ["all_seven", "21.0 (7.43x)", "156.0", "60.0 (2.60x)"],
        ["total", "20.0 (7.75x)", "155.0", "-"],
        ["geometric mean", "8.56x", "-", "3.23x"],
    ]


def test_report_names_machine_versions_and_problems() -> None:
    data = results()
    text = tables.markdown(data)
    for part in (
        "A CPU, 2 cores, A system",
        "version of PyPy",
        "All outputs equal",
        "### Whole process: total",
        "## Peak memory",
    ):
        assert part in text
    data["problems"] = ["PyPy, fib: output differs"]
    assert "- PyPy, fib: output differs" in tables.markdown(data)
    assert "All outputs equal" not in tables.markdown(data)


def test_picture_is_well_formed() -> None:
    root = xml.fromstring(picture.draw(results()))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "6.67" in texts
    assert "total" in texts
    assert int(root.attrib["height"]) > 100
    xml.fromstring(picture.draw({**results(), "runs": {"whole": {}, "inside": {}}}))


def test_incomplete_runs_are_dropped() -> None:
    machine = compare.Machine("PyPy", ["pypy"], "peer")
    comparison = compare.Comparison([machine])
    comparison.add("whole", "fib", machine, compare.Measured(0.1, "x", 10.0))
    comparison.add("whole", "fib", machine, compare.Measured(0.1, "x", 0.0, "exit status 1: no message"))
    comparison.add("whole", "fib", machine, compare.Measured(0.1, "x", 0.0, "exit status 1: no message"))
    comparison.drop_incomplete(2)
    assert comparison.runs["whole"] == {"fib": {}}
    assert comparison.problems == ["PyPy, fib, whole process: exit status 1: no message"]


@pytest.mark.parametrize("name", [*compare.SEVEN, "all_seven"])
def test_workloads_print_what_they_computed(name: str) -> None:
    machine = compare.Machine("CPython", [sys.executable], "python")
    done = compare.measure(machine, BENCH / "workloads" / f"{name}.py", [], "whole")
    assert done.problem == ""
    single = {line.split()[0] for line in done.output.splitlines()}
    assert single == (set(compare.SEVEN) if name == "all_seven" else {name})


def test_a_small_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jitvm = f"{sys.executable} -m jitvm"
    status = compare.main(["nested", "--runs", "2", "--python", sys.executable, "--jitvm", jitvm, "--output", str(tmp_path)])
    text = capsys.readouterr().out
    written = json.loads((tmp_path / "results.json").read_text())
    assert written["problems"] == []
    assert status == 0
    assert set(written["runs"]["whole"]["nested"]) >= {"jitvm", "jitvm --no-jit"}
    assert all(len(numbers) == 2 for mode in ("whole", "inside") for numbers in written["runs"][mode]["nested"].values())
    assert (tmp_path / "results.md").read_text() in text
    xml.fromstring((tmp_path / "results.svg").read_text())


def test_wrong_outputs_and_failing_machines_are_problems(tmp_path: Path) -> None:
    wrong = "Wrong=" + sys.executable + " -c 'print(1)'"
    failing = "Failing=/nowhere/python"
    status = compare.main(
        [
            "comprehension",
            "--runs",
            "1",
            "--python",
            sys.executable,
            "--jitvm",
            f"{sys.executable} -m jitvm",
            "--peer",
            wrong,
            "--peer",
            failing,
            "--output",
            str(tmp_path),
        ]
    )
    problems = json.loads((tmp_path / "results.json").read_text())["problems"]
    assert status == 1
    assert any(problem.startswith("Wrong, comprehension, whole process: output '1") for problem in problems)
    assert "Failing cannot be run: /nowhere/python" in problems


@pytest.mark.parametrize("arguments", [["walk"], ["--runs", "0"], ["--what"]])
def test_wrong_command_lines(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        compare.main(arguments)
    assert caught.value.code == 2


def test_small_loops(tmp_path: Path) -> None:
    status = micro.main(["--rounds", "1", "--scale", "0.01", "--hot", "0.001", "--group", "calls", "--group", "texts",
                         "--python", sys.executable, "--jitvm", f"{sys.executable} -m jitvm", "--output", str(tmp_path)])
    written = json.loads((tmp_path / "micro.json").read_text())
    assert (status, written["problems"]) == (0, [])
    assert set(written["times"]) == {"short", "hot"}
    for times in written["times"].values():
        assert set(times["texts"]) == set(micro.BODIES["texts"])
        assert all({"jitvm", "jitvm --no-jit"} < set(row) for row in times["calls"].values())
    assert "| geometric mean" in (tmp_path / "micro.md").read_text()


def test_small_loops_with_another_result_are_a_problem() -> None:
    good = compare.Machine("CPython", [sys.executable], "python")
    wrong = compare.Machine("Wrong", [sys.executable, "-c", "print('lambda', 1.0, '[]', sep=chr(9))"], "peer")
    results = micro.run([good, wrong], ["calls"], 1, 0.001, 0.0, lambda text: None)
    assert [problem for problem in results["problems"] if problem.startswith("Wrong, calls, lambda: []")]


def test_ablation(tmp_path: Path) -> None:
    status = ablation.main(["visible", "--runs", "1", "--python", sys.executable, "--jitvm", f"{sys.executable} -m jitvm",
                            "--output", str(tmp_path)])
    written = json.loads((tmp_path / "ablation.json").read_text())
    assert (status, written["problems"]) == (0, [])
    assert set(written["runs"]["jit"]["visible"]) == {written["reference"], *ablation.configurations()}
    text = (tmp_path / "ablation.md").read_text()
    assert "| without expression_cache |" in text and "built up" in text


def test_tables_of_an_ablation() -> None:
    runs = {"some": {name: [10.0 + number, 12.0 + number] for number, name in enumerate(ablation.configurations())}}
    turn, steps = ablation.in_turn(runs), ablation.build_up(runs)
    assert turn[1][:2] == ["some", "11.0 ± 1.4"] and turn[1][2] == "12.0 ± 1.4 (+9.1%)"
    assert [row[0] for row in steps] == ["step", *ablation.steps()] and steps[-1][0] == ablation.ALL
