"""What the benchmarks make of what they measure: bounds, exponents, verdicts, README's section."""

from __future__ import annotations

import json
import math
import sys
from datetime import date
from pathlib import Path

import pytest

from tests.benchmarks import bounds, table
from tests.benchmarks.fleets import called
from tests.benchmarks.measuring import Failed, Row, exponent, run
from tests.benchmarks.targets import Figures, Target, figure, ratio, verdicts

DAY = date(2026, 11, 30)
PLAN = Row(
    "no-op plan", 1000,
    {"calls": 2052, "scarce/bound": 1.0, "wall": 80.0, "bound": 70.0, "wall/bound": 80 / 70, "cpu": 6, "peak": 110},
)  # fmt: skip
SMALLER = Row("no-op plan", 100, PLAN.figures)
THEIRS = Row("terraform, no-op plan", 100, {"calls": 782, "wall": 68.5, "cpu": 8.6, "peak": 330})


def test_a_thousand_functions_cost_1050_scarce_calls_and_seventy_seconds() -> None:
    assert bounds.reading(1000) == 1050
    assert bounds.seconds(bounds.reading(1000), 1000) == 70
    assert bounds.seconds(15, 300) == 3  # GetFunction is what takes long
    assert bounds.seconds(bounds.creating(100)) == 20


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_the_exponent_is_that_of_the_growth(power: float) -> None:
    assert exponent({size: 0.02 * size**power for size in (250, 500, 1000)}) == pytest.approx(power)


def test_calls_that_share_fifteen_a_second_are_scarce() -> None:
    counts = {
        "calls": {"GetFunction": 5, "GetPolicy": 3, "ListAliases": 2, "CreateAlias": 1, "s3": 4},
        "throttled": {"ListAliases": 1},
    }
    assert called(counts) == {"calls": 15, "scarce": 3, "throttled": 1}


@pytest.mark.parametrize(
    ("told", "is_least", "verdict"),
    [
        (1.0, False, "holds"), (1.5, False, "MISSED by 0.5"), (1.0, True, "holds"), (0.5, True, "MISSED, 2.00 times"),
        (math.nan, False, "not measured"), (math.nan, True, "not measured"),
    ],
)  # fmt: skip
def test_a_target_holds_is_missed_by_so_much_or_was_not_measured(told: float, is_least: bool, verdict: str) -> None:
    assert Target("x", 1.0, figure("x", "y"), is_least).verdict(told) == verdict


def test_a_figure_is_of_the_size_that_is_asked_for_else_of_the_largest() -> None:
    figures = Figures(
        [Row("x", 10, {"y": 1}), Row("x", 100, {"y": 2}), Row("x", 1000, {"z": 3}), Row("w", 10, {"y": 0})]
    )
    assert [figure("x", "y")(figures), figure("x", "y", 10)(figures)] == [2, 1]
    assert math.isnan(figure("x", "y", 1000)(figures))
    assert ratio(figure("x", "y", 100), figure("x", "y", 10))(figures) == 2
    assert math.isnan(ratio(figure("x", "y"), figure("w", "y"))(figures))


def test_a_target_is_judged_by_the_rows_and_every_other_one_is_said_not_to_be_measured() -> None:
    told = {target.text: verdict for target, _, verdict in verdicts([PLAN])}
    assert told["no-op plan of 1,000: scarce calls : bound"] == "holds"
    assert told["no-op plan of 1,000: seconds : bound"] == "MISSED by 0.02286"
    assert set(told.values()) == {"holds", "MISSED by 0.02286", "not measured"}


def test_the_document_is_json_without_what_json_does_not_know() -> None:
    text = json.dumps(table.document([PLAN, Row("x", 1, {"y": math.nan})], DAY), allow_nan=False)
    assert json.loads(text)["rows"][0]["figures"]["wall/bound"] == 1.1429
    assert json.loads(text)["rows"][1]["figures"] == {}


def test_readmes_section_is_written_between_its_markers_and_nothing_else_is(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n\n{table.BEGIN}\nold figures\n{table.END}\n\nafter\n")
    table.write(readme, [Row("no-op plan", 10, PLAN.figures), PLAN, SMALLER, THEIRS], DAY)
    written = readme.read_text()
    assert written.startswith(f"before\n\n{table.BEGIN}\n2026-11-30, ")
    assert written.endswith(f"{table.END}\n\nafter\n")
    assert [row for row in written.splitlines() if row.startswith("| no-op")] == [
        "| no-op plan, 100 | 2,052 | 80.0 : 70.0 | 6.0 s | 110 MB | 782 calls, 68 s, processor 8.6 s |",
        "| no-op plan, 1,000 | 2,052 | 80.0 : 70.0 | 6.0 s | 110 MB |  |",
    ]
    assert "old figures" not in written
    table.write(readme, [PLAN], DAY)
    assert readme.read_text().count(table.BEGIN) == 1
    assert readme.read_text().endswith("| 110 MB |  |\n<!-- /measured -->\n\nafter\n")


def test_a_file_without_the_markers_is_left_as_it_is(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("mine\n")
    with pytest.raises(SystemExit, match="has no section"):
        table.write(readme, [PLAN], DAY)
    assert readme.read_text() == "mine\n"


def test_a_command_that_ends_as_it_must_not_is_no_figure(tmp_path: Path) -> None:
    ran = run((sys.executable, "-c", "print('told'); raise SystemExit(3)"), tmp_path, expected=(3,))
    assert (ran.exit_code, ran.output) == (3, "told\n")
    with pytest.raises(Failed, match="ended with 3:\ntold"):
        run((sys.executable, "-c", "print('told'); raise SystemExit(3)"), tmp_path)
