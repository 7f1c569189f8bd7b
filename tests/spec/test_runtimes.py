"""Runtimes age: what is said of one depends on the day, and one that is newer than this release is AWS's to judge."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from reconciler.files.strict_yaml import parse
from reconciler.kinds.runtimes import PUBLISHED_ON, RUNTIMES, Life
from reconciler.spec.aging import deprecated, known, runtime_warnings
from tests.conftest import House, function_spec, reconcile
from tests.spec.reading import HEAD, faults, folder

TODAY = "2026-11-25"


def said(runtime: str, day: str = TODAY, more: str = "") -> list[str]:
    document = parse(f"{HEAD}configuration: {{Runtime: {runtime}}}\n{more}", "a.yaml")
    return [f"{note.severity} {note.origin}: {note.message}" for note in runtime_warnings([document], day)]


def test_a_deprecated_runtime_is_told_with_its_dates_and_its_successor() -> None:
    assert said("python3.7") == [
        "warning a.yaml:4:26: python3.7 is deprecated since 2023-12-04; AWS blocks creating since 2024-01-09 and updating "
        "from 2027-03-03 (as published on 2026-09-29); move to python3.14 (W003)"
    ]


@pytest.mark.parametrize(
    ("day", "part"),
    [
        ("2025-12-15", "deprecated since 2025-12-15; AWS blocks creating from 2027-02-01 and updating from 2027-03-03"),
        (
            "2027-02-01",
            "deprecated since 2025-12-15; AWS blocks creating since 2027-02-01 and updating from 2027-03-03",
        ),
        (
            "2027-03-03",
            "deprecated since 2025-12-15; AWS blocks creating since 2027-02-01 and updating since 2027-03-03",
        ),
    ],
)
def test_a_date_is_past_from_its_own_day(day: str, part: str) -> None:
    (message,) = said("python3.9", day)
    assert part in message


def test_before_its_day_a_runtime_is_not_spoken_of() -> None:
    assert said("python3.9", "2025-12-14") == []
    assert said("python3.14") == []


def test_what_is_not_known_is_not_said() -> None:
    assert deprecated("x", Life("2026-01-01"), TODAY) == "x is deprecated since 2026-01-01"
    assert deprecated("x", Life("2026-01-01", successor="y"), TODAY) == "x is deprecated since 2026-01-01; move to y"


@pytest.mark.parametrize(
    ("runtime", "hint"),
    [("python3.99", "; did you mean python3.9?"), ("pyhton3.13", "; did you mean python3.13?"), ("zig1.x", "")],
)
def test_a_runtime_that_this_release_does_not_know_is_awss_to_judge(runtime: str, hint: str, tmp_path: Path) -> None:
    (message,) = said(runtime)
    assert message == (
        f"warning a.yaml:4:26: this release does not know the runtime {runtime}: AWS decides when the function is created "
        f"or updated{hint} (W004)"
    )
    assert faults(tmp_path, f"configuration: {{Runtime: {runtime}}}\n") == []


def test_nothing_else_is_taken_for_a_runtime(tmp_path: Path) -> None:
    assert faults(tmp_path, "configuration: {Runtime: Python3.13}\n") == [
        '4:26: configuration.Runtime is "Python3.13"; it must be a runtime\'s identifier, as in python3.13; '
        "did you mean python3.13?"
    ]
    assert faults(tmp_path, "configuration: {Runtime: 3.13}\n") == [
        "4:26: configuration.Runtime must be a runtime's identifier, as in python3.13, not 3.13"
    ]


def test_a_function_that_is_to_go_needs_no_other_runtime() -> None:
    assert said("python2.7", more="state: absent\n") == []


def test_no_row_is_of_a_runtime_that_there_is_not() -> None:
    """A runtime of a newer model may come without a row: of it nothing is said."""
    assert set(RUNTIMES) <= set(known())


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_row_holds_days_and_a_successor_that_outlives_it(runtime: str) -> None:
    life = RUNTIMES[runtime]
    assert all(date.fromisoformat(day) for day in (*life[:3], PUBLISHED_ON) if day)
    assert life.create_block <= life.update_block
    if life.deprecation and life.successor:
        heir = RUNTIMES[life.successor]
        assert not heir.successor
        assert heir.deprecation >= life.deprecation


def test_validate_asks_todays_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder(tmp_path, a=f"{HEAD}configuration: {{Runtime: python2.7}}\n")
    monkeypatch.chdir(tmp_path)
    result = reconcile("validate")
    assert result.exit_code == 0
    assert "specs/a.yaml:4:26: warning: python2.7 is deprecated since 2021-07-15; " in result.err


def test_a_plan_asks_the_snapshots(house: House) -> None:
    house.write("checkout.yaml", function_spec().replace("python3.13", "python3.12"))
    file = house.root / "snapshot.json"
    assert house.run("snapshot", "-o", str(file)).exit_code == 0
    for taken_at, found in (("2028-10-30", 0), ("2028-10-31", 1)):
        snapshot = json.loads(file.read_text()) | {"taken_at": f"{taken_at}T00:00:00.000Z"}
        file.write_text(json.dumps(snapshot))
        notes = json.loads(house.run("plan", "--snapshot", str(file), "--format", "json").out)["diagnostics"]
        assert len([note for note in notes if note.get("rule") == "W003"]) == found
