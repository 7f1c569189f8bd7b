"""`freezes` of reconcile.yaml: each form, and every mistake at its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reconciler.core.errors import SpecError
from reconciler.core.freezes import Once, Weekly
from reconciler.spec.config import Config, config_of, load_config
from reconciler.spec.load import load
from tests.citing import uncited
from tests.conftest import CONFIG, function_spec

FREEZES = """
freezes:
  - name: christmas
    from: 2026-12-18T18:00
    to: "2027-01-04T08:00"
    timezone: Europe/Berlin
    accounts: [test]
    allow: [drift, tags]
  - {name: weekend, weekly: fri 16:00 - mon 08:00, timezone: UTC, functions: ["check*"], regions: [us-west-2]}
"""
START = CONFIG.count("\n") + 2  # the line of the first freeze


def config(freezes: str) -> Config:
    return config_of(f"{CONFIG}{freezes}".encode(), "reconcile.yaml")


def one(members: str) -> str:
    return f"freezes:\n  - {{name: f, {members}}}\n"


def test_both_forms_are_read() -> None:
    christmas, weekend = config(FREEZES).freezes
    assert christmas.span == Once(datetime(2026, 12, 18, 18), datetime(2027, 1, 4, 8))
    assert (str(christmas.zone), christmas.accounts) == ("Europe/Berlin", ("test",))
    assert christmas.allow == frozenset({"drift", "tags"})
    assert weekend.span == Weekly(timedelta(days=4, hours=16), timedelta(days=2, hours=16))
    assert (weekend.functions, weekend.regions, weekend.allow) == (("check*",), ("us-west-2",), frozenset())
    assert christmas.origin
    assert str(christmas.origin).startswith(f"reconcile.yaml:{START + 1}:")


WHEN = "from: 2026-12-18T18:00, to: 2027-01-04T08:00"
WRONG = {
    "no such zone": (f"{WHEN}, timezone: Europe/Berlim", "Europe/Berlim is no time zone; did you mean Europe/Berlin?"),
    "a zone in lower case": (f"{WHEN}, timezone: europe/berlin", "did you mean Europe/Berlin?"),
    "a path": (f"{WHEN}, timezone: ../../etc/passwd", "../../etc/passwd is no time zone"),
    "a folder of zones": (f"{WHEN}, timezone: Europe", "Europe is no time zone"),
    "what a machine calls its own": (f"{WHEN}, timezone: localtime", "localtime is no time zone; write Europe/Berlin"),
    "no time at all": ("timezone: UTC", "freeze f: write both from and to, or weekly"),
    "half of it": ("from: 2026-12-18T18:00, timezone: UTC", "freeze f: write both from and to, or weekly"),
    "both forms": (f"{WHEN}, weekly: fri 16:00 - mon 08:00, timezone: UTC", "write from and to, or weekly, not both"),
    "an offset": ("from: 2026-12-18T18:00Z, to: 2027-01-04T08:00, timezone: UTC", "local time as in 2026-12-18T18:00"),
    "no day": ("from: 2026-02-30T18:00, to: 2027-01-04T08:00, timezone: UTC", "2026-02-30T18:00 is no day of the calendar"),
    "turned round": ("from: 2027-01-04T08:00, to: 2026-12-18T18:00, timezone: UTC", "it is over before it begins at 2027-01-04T08:00"),
    "a week that never ends": ("weekly: fri 16:00 - fri 16:00, timezone: UTC", "it never ends"),
    "another language": ("weekly: fr 16:00 - mo 08:00, timezone: UTC", "two days with times, as in fri 16:00 - mon 08:00"),
    "an hour too many": ("weekly: fri 24:00 - mon 08:00, timezone: UTC", "two days with times"),
    "an unknown word": (f"{WHEN}, timezone: UTC, allow: [edits]", "edits"),
    "a list that allows nothing": (f"{WHEN}, timezone: UTC, allow: []", "allow"),
    "a misspelt key": (f"{WHEN}, timezone: UTC, function: [a]", "did you mean functions?"),
    "a name that is a flag": (f"{WHEN}, timezone: UTC, name: --force", "name"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_at_its_place(case: str) -> None:
    members, message = WRONG[case]
    text = one(members) if "name:" not in members else one(members).replace("name: f, ", "")
    with pytest.raises(SpecError) as caught:
        config(text)
    (fault,) = caught.value.faults
    assert message in uncited(str(fault))
    assert fault.origin.line == START
    assert fault.origin.column > 4


def test_a_freeze_without_a_timezone_is_none() -> None:
    with pytest.raises(SpecError, match=r"freezes\[0\] needs timezone"):
        config(one(WHEN))


def test_a_base_that_judges_freezes_as_well_or_is_no_judge() -> None:
    assert config_of(f"{CONFIG}{FREEZES}".encode(), "r.yaml", is_judging=True).freezes
    with pytest.raises(SpecError, match="no time zone"):
        config_of(f"{CONFIG}{one(f'{WHEN}, timezone: Mars')}".encode(), "r.yaml", is_judging=True)


def test_what_can_match_nothing_is_a_warning_at_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "specs"
    folder.mkdir()
    path = folder / "reconcile.yaml"
    members = f"{WHEN}, timezone: UTC, accounts: [test, prd], regions: [us-*, eu-west-1], functions: [check*, order*]"
    path.write_text(f"{CONFIG}{one(members)}")
    (folder / "checkout.yaml").write_text(function_spec())
    loaded = load([folder], load_config(path)).warnings
    assert [uncited(note.message).partition(": ")[2] for note in loaded] == [
        "prd matches none of the accounts that there are",
        "eu-west-1 matches none of the regions that there are",
        "order* matches none of the functions that there are",
    ]
    assert {note.origin.line for note in loaded if note.origin} == {START}
    part = load([folder / "checkout.yaml"], load_config(path)).warnings
    assert [note.rule for note in part] == ["W259"]  # of regions and functions the whole tree alone can tell
