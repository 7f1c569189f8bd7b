"""How many calls reading takes is said before the first is made, and comes true where an account has nothing but what specs say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

import pytest

from reconciler.aws.pace import drawn_on
from reconciler.commands.wiring import as_known, connect, now
from reconciler.commands.workspaces import read
from reconciler.core import service
from reconciler.core.model import Target
from reconciler.core.place import Place
from reconciler.snapshot.estimate import expected_calls
from reconciler.snapshot.fetch import fetch
from reconciler.snapshot.missing import Missing, foreseen
from tests.apply.houses import MANAGED
from tests.conftest import House, function_spec
from tests.snapshot.test_budget import LAYERS, ONE_EACH, SECTIONS, together, whole

__all__ = ["whole"]
PLACE = Place("test", "us-west-2")


def estimated(house: House) -> dict[str, int]:
    (calls,) = expected_calls(read([house.root / "specs"]).specs.specs).values()
    return calls


def counted(house: House) -> dict[str, int]:
    house.sandbox.requests.clear()
    house.plan()
    operations = (request.operation for request in house.sandbox.requests)
    return dict(Counter(drawn_on(service.api_of(operation), operation) for operation in operations))


def said(house: House) -> Iterator[dict[str, int]]:
    yield estimated(house)
    yield counted(house)


@pytest.mark.parametrize("kind", SECTIONS)
def test_what_a_section_takes_is_known_before(whole: House, kind: str) -> None:
    whole.write("one.yaml", function_spec("one", extra=SECTIONS[kind][0], configuration=MANAGED))
    before, after = said(whole)
    assert before == after


def test_what_all_sections_take_together_is_known_before(whole: House) -> None:
    whole.write("one.yaml", together())
    before, after = said(whole)
    assert before == after


@pytest.mark.parametrize("kind", LAYERS)
def test_what_a_layer_takes_is_known_before(house: House, kind: str) -> None:
    code = "code: {S3Bucket: artifacts, S3Key: l.zip}\n"
    house.write("shared.yaml", f"layer: shared\naccount: test\nregion: us-west-2\n{code}{LAYERS[kind][0]}")
    house.apply()
    before, after = said(house)
    assert before == after


def test_a_fleet_is_known_before(house: House) -> None:
    for number in range(60):
        house.write(
            f"f{number}.yaml", function_spec(f"f{number}", extra=ONE_EACH.format(name=f"f{number}")), stock=number == 59
        )
    house.apply()
    before, after = said(house)
    assert before == after == {"GetFunction": 60, "": 60 + 3 + 1}


@pytest.mark.parametrize("count", [1, 3])
def test_what_keeping_some_versions_takes_is_known_before(house: House, count: int) -> None:
    extra = "publish: true\nversions: {retain: {newest: 2}}\naliases: {live: {FunctionVersion: published}}\n"
    for seconds in (3, 9):
        for number in range(count):
            text = function_spec(f"f{number}", extra=extra, configuration=f"{MANAGED}\nTimeout: {seconds}")
            house.write(f"f{number}.yaml", text)
        house.apply()
    before, after = said(house)
    assert before == after
    assert after["GetPolicy"] == count, "of the old version of each it is seen who uses it"


def test_each_place_has_its_own_and_one_without_specs_what_is_looked_for_in_it() -> None:
    there = Place("test", "eu-west-1")
    told = expected_calls((), marked=[PLACE, there], naming=[there])
    assert told == {there: {"resourcegroupstaggingapi": 1, "": 1}, PLACE: {"resourcegroupstaggingapi": 1}}


# --- functions that are new -------------------------------------------------------------------------------------------

NEW = [function_spec(f"f{number:02}", extra=ONE_EACH.format(name=f"f{number:02}")) for number in range(40)]


def foretold(house: House, *there: int) -> dict[str, int]:
    specs = read([house.root / "specs"]).specs.specs
    missing = {spec.target for spec in specs} - {Target("test", "us-west-2", f"f{number:02}") for number in there}
    (calls,) = expected_calls(specs, missing=foreseen(specs, missing)).values()
    return calls


@pytest.mark.parametrize(("count", "there"), [(1, ()), (3, ()), (3, (1,)), (40, ()), (40, (0,)), (40, (1, 2))])
def test_what_reading_takes_where_functions_are_new_is_known_by_which_are(
    house: House, count: int, there: tuple[int, ...]
) -> None:
    """Of many new ones some are tried, and one listing tells of the rest; who is not there is asked for nothing else."""
    for number in there:
        house.write(f"{number}.yaml", NEW[number])
    if there:
        house.apply()
    for number in range(count):
        house.write(f"{number}.yaml", NEW[number], stock=number == count - 1)
    assert foretold(house, *there) == counted(house)


def test_how_far_reading_is_follows_what_turns_out_to_be_new(house: House) -> None:
    for number in range(40):
        house.write(f"{number}.yaml", NEW[number], stock=number == 39)
    missing, seen = Missing(), list[Mapping[str, int]]()
    workspace = read([house.root / "specs"])
    calls = partial(expected_calls, workspace.specs.specs, missing=missing)
    follow = as_known(calls, missing, len(workspace.specs.specs))
    seen += follow().values()
    aws = connect(workspace.config, ["test"])
    fetch(aws, workspace.specs.specs, taken_at=now(), missing=missing)
    seen += follow().values()
    assert seen == [{"GetFunction": 40, "": 40 + 2 + 1}, {"GetFunction": 4, "": 3}]
    assert len(missing) == 40
