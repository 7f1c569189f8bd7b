"""A change of one function among thousands reads that one: nothing of a region is listed for it, and nothing of its own is missed."""

from __future__ import annotations

import subprocess
from collections import Counter
from dataclasses import replace

import pytest

from reconciler.sandbox.lambda_ import mappings
from tests.apply.houses import commit
from tests.conftest import ACCOUNT, CONFIG, REGION, House, function_spec

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
EXTRA = f"""
publish: true
aliases: {{live: {{FunctionVersion: published}}}}
event_source_mappings: {{orders: {{EventSourceArn: "{QUEUE}orders", alias: live}}}}
"""
MARKED = "managedBy: example/shop\n"


def mapped(house: House, number: int, function: str) -> None:
    """One more mapping of a function, by name and qualifier, from a source of its own."""
    region, _ = house.sandbox.gate.region(ACCOUNT, REGION)
    one, uuid = next(iter(region.mappings.values())), f"{number:08}-0000-4000-8000-000000000000"
    said = {**one.properties, "UUID": uuid, "EventSourceArn": f"{QUEUE}{number}"}
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}"
    region.mappings[uuid] = replace(one, uuid=uuid, function_arn=arn, properties=said)


def crowd(house: House, count: int) -> None:
    """So many mappings of functions that are not ours, in the same region."""
    for number in range(count):
        mapped(house, number, f"other-{number}")


@pytest.fixture
def changed(house: House) -> House:
    """Twenty functions, of which one is another than in git; four pages of mappings besides."""
    house.write("reconcile.yaml", CONFIG + MARKED, stock=False)
    for number in range(20):
        house.write(f"f{number}.yaml", function_spec(f"f{number}", extra=EXTRA), stock=number == 19)
    house.apply()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=house.root, check=True)
    commit(house.root, "all that lives")
    house.write("f7.yaml", function_spec("f7", extra=EXTRA, configuration="Timeout: 9"))
    crowd(house, 350)
    house.sandbox.requests.clear()
    return house


def calls(house: House) -> Counter[str]:
    found = Counter(request.operation for request in house.sandbox.requests)
    house.sandbox.requests.clear()
    del found["GetCallerIdentity"]
    return found


@pytest.mark.parametrize("flags", [(), ("--base", "HEAD")], ids=["alone", "with a base"])
def test_one_change_among_many_takes_single_digits(flags: tuple[str, ...], changed: House) -> None:
    assert set(changed.verbs("--changed-since", "HEAD", *flags)) == {"f7", "f7/version/published", "f7/alias/live"}
    few = calls(changed)
    assert few == {
        "GetFunction": 1, "ListAliases": 1, "ListVersionsByFunction": 1, "ListEventSourceMappings": 5,
    }  # fmt: skip
    crowd(changed, 3_000)
    changed.plan("--changed-since", "HEAD", *flags)
    assert calls(changed) == few


def test_several_changes_take_as_many_calls_however_much_others_have(changed: House) -> None:
    """Of mappings six pages in vain, and then each function's by name alone, its $LATEST, its alias and its version; of versions one page."""
    for name in ("f8", "f9"):
        changed.write(f"{name}.yaml", function_spec(name, extra=EXTRA, configuration="Timeout: 9"))
    assert len(changed.verbs("--changed-since", "HEAD")) == 9
    assert calls(changed) == {
        "GetFunction": 3, "ListAliases": 3, "ListFunctions": 1, "ListEventSourceMappings": 4,
    }  # fmt: skip
    crowd(changed, 3_000)
    for number, function in enumerate(("f8:$LATEST", "f9:live"), 5_000):
        mapped(changed, number, function)
    assert list(changed.verbs("--changed-since", "HEAD").values()).count("delete") == 2
    assert calls(changed)["ListEventSourceMappings"] == 6 + 3 * 4


def test_a_listing_that_was_put_off_goes_on_where_it_was_left(changed: House) -> None:
    """One of those that changed is not there, so that nobody knows its names."""
    crowd(changed, 1_000)
    changed.write("f7.yaml", function_spec("f7", extra=EXTRA, configuration="Timeout: 9"))
    changed.write("new.yaml", function_spec("new", extra=EXTRA))
    mapped(changed, 0, "new:old")  # on a page that was read before
    mapped(changed, 5_000, "f7")
    assert list(changed.verbs("--changed-since", "HEAD").values()).count("delete") == 2
    assert calls(changed)["ListEventSourceMappings"] == 11


def test_a_whole_plan_lists_what_it_did_before(changed: House) -> None:
    changed.plan()
    found = calls(changed)
    assert found["ListEventSourceMappings"] == 4
    assert found["ListVersionsByFunction"] == 0


BY_HAND = ("f7", "f7:$LATEST", "f7:live", "f7:1")


@pytest.mark.parametrize("is_by_name", [False, True], ids=["the very qualifier's", "all of the function's"])
def test_what_hangs_on_any_qualifier_is_found(
    is_by_name: bool, changed: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS documents neither whether a function's name has the mappings of its aliases, nor whether it has not."""
    if is_by_name:
        monkeypatch.setattr(mappings, "is_of", lambda asked, arn: asked[0] == arn.split(":")[6])
    for number, function in enumerate(BY_HAND, 5_000):
        mapped(changed, number, function)
    found = changed.verbs("--changed-since", "HEAD")
    assert list(found.values()).count("delete") == len(BY_HAND)
    assert calls(changed)["ListEventSourceMappings"] == 5


def test_aliases_that_no_spec_speaks_of_are_looked_up(changed: House) -> None:
    alone = EXTRA.replace("publish: true", "").replace("aliases: {live: {FunctionVersion: published}}", "")
    changed.write("f7.yaml", function_spec("f7", extra=alone.replace(", alias: live", "")))
    mapped(changed, 5_000, "f7:live")
    assert list(changed.verbs("--changed-since", "HEAD").values()).count("delete") == 1
    assert calls(changed).total() <= 9


def test_of_a_function_that_is_not_there_yet_all_mappings_are_looked_through(changed: House) -> None:
    """Its former life may have left one on any qualifier."""
    changed.write("f7.yaml", function_spec("f7", extra=EXTRA))
    changed.write("new.yaml", function_spec("new", extra=EXTRA))
    mapped(changed, 5_000, "new:old")
    assert "delete" in changed.verbs("--changed-since", "HEAD").values()
    assert calls(changed)["ListEventSourceMappings"] == 4


def test_of_an_alias_that_is_to_be_made_all_mappings_are_looked_through(changed: House) -> None:
    """Another one of that name may have left some, which come to life again with it."""
    changed.write(
        "f7.yaml", function_spec("f7", extra=EXTRA.replace("{live: ", "{blue: {FunctionVersion: '1'}, live: "))
    )
    mapped(changed, 5_000, "f7:blue")
    assert "delete" in changed.verbs("--changed-since", "HEAD").values()
    assert calls(changed)["ListEventSourceMappings"] == 4


def test_of_one_with_many_versions_all_mappings_are_listed_as_before(changed: House) -> None:
    for number in range(9):
        changed.lambda_.update_function_configuration(FunctionName="f7", Description=str(number))
        changed.lambda_.publish_version(FunctionName="f7")
    mapped(changed, 5_000, "f7:3")
    changed.sandbox.requests.clear()
    assert list(changed.verbs("--changed-since", "HEAD").values()).count("delete") == 1
    assert calls(changed)["ListEventSourceMappings"] == 4


def test_the_sandbox_lists_by_name_and_qualifier_and_by_source(changed: House) -> None:
    for number, function in enumerate(BY_HAND, 5_000):
        mapped(changed, number, function)

    def listed(**asked: str) -> list[str]:
        answer = changed.lambda_.list_event_source_mappings(**asked)["EventSourceMappings"]
        return sorted(one["FunctionArn"].split(":", 6)[6] for one in answer)

    assert listed(EventSourceArn=f"{QUEUE}5000") == ["f7"]
    assert listed(FunctionName="f7") == ["f7"]
    assert listed(FunctionName="f7:live") == ["f7:live", "f7:live"]
    assert listed(FunctionName="f7:live", EventSourceArn=f"{QUEUE}5002") == ["f7:live"]
    assert listed(FunctionName="f7:live", EventSourceArn=f"{QUEUE}5000") == []
