"""Two property trees are told apart exactly where they differ, whatever their keys are called."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import diff
from reconciler.core.diff import Difference, differences, pointer, steps_of, with_value
from tests.conftest import House, function_spec

ODD_KEYS = ["", "__", "__team", "_x", "root", "a.b", "a/b", "~0", "['x']", 'say "hi"', "é", "日本", "\u200b", "0", "*"]
keys = st.sampled_from(ODD_KEYS) | st.text(max_size=6)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(0, 100).map(lambda share: share / 100)
    | st.text(max_size=8)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
)
trees = st.dictionaries(keys, values, max_size=4)


def without_empty_maps(value: Any) -> Any:
    """A map without entries says the same as no map; what stands in a list is one value."""
    if not isinstance(value, Mapping):
        return value
    kept = {key: without_empty_maps(item) for key, item in value.items()}
    return {key: item for key, item in kept.items() if item != {}}


@given(before=trees, after=trees)
def test_there_is_a_difference_exactly_where_the_trees_differ_and_carrying_them_out_gives_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    found = differences(before, after)
    assert (found == ()) == (without_empty_maps(before) == without_empty_maps(after))
    made: Any = before
    for item in found:
        made = with_value(made, item.steps, item.after)
    assert without_empty_maps(made) == without_empty_maps(after)


class Ours(str):
    """A text that is one of ours, as a fingerprint is."""

    __slots__ = ()


odd = scalars | st.sampled_from([0, 1, 1.0, True, False, 0.1, 0.10000000000000001, 60, 60.0, Ours("a"), "a", (), (1,)])
odd_values = st.recursive(
    odd, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
)
odd_trees = st.dictionaries(keys, odd_values, max_size=4)


@given(before=odd_trees, after=odd_trees, steps=st.lists(keys, min_size=1, max_size=3).map(tuple), value=odd_values)
def test_what_differs_is_what_deepdiff_finds_between_the_whole_trees(
    before: dict[str, Any], after: dict[str, Any], steps: tuple[str, ...], value: Any
) -> None:
    for other in (after, with_value(before, steps, value)):
        if before != other:
            roots = {diff._above_lists(path) for path in diff._compared(before, other)}
            leaves = {item.steps: item for item in diff._leaves(roots, before, other)}
            assert differences(before, other) == tuple(leaves[at] for at in sorted(leaves))


def test_deepdiff_sees_only_what_is_no_map_and_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, Any]] = []
    compared = diff._compared

    def watched(left: Any, right: Any) -> Any:
        seen.append((left, right))
        return compared(left, right)

    monkeypatch.setattr(diff, "_compared", watched)
    same = {f"m{number}": {"list": [number], "number": number / 7} for number in range(50)}
    before = {**same, "text": "a", "list": ["a", "b"], "gone": {"a": 1}}
    after = {**same, "text": "b", "list": ["a", "c"], "new": [1]}
    assert [item.steps[0] for item in differences(before, after)] == ["gone", "list", "new", "text"]
    assert seen == [(["a", "b"], ["a", "c"])]


@given(tree=trees, steps=st.lists(keys, min_size=1, max_size=3).map(tuple), value=scalars)
def test_one_change_anywhere_is_one_difference_at_its_path(
    tree: dict[str, Any], steps: tuple[str, ...], value: Any
) -> None:
    before = with_value(tree, steps, {"was": "there"})
    after = with_value(before, (*steps, "was"), value)
    expected = () if value == "there" else (Difference((*steps, "was"), "there", value),)
    assert differences(before, after) == expected
    assert steps_of(pointer(steps)) == steps


@pytest.mark.parametrize(("one", "two"), [(0.1, 0.10000000000000001), (0.3, 0.1 + 0.2), (1, 1.0), (0.0, 0)])
def test_weights_that_differ_by_noise_are_one(one: float, two: float) -> None:
    assert differences({"1": one}, {"1": two}) == ()


@pytest.mark.parametrize(
    ("one", "two"), [(0.1, 0.101), (1767225600.0, 1767225601.0), (1767225600.0, 1767225600.001), (2**62, 2**62 + 1)]
)
def test_numbers_that_differ_by_more_than_noise_are_two_however_large(one: float, two: float) -> None:
    assert differences({"at": one}, {"at": two}) == (Difference(("at",), one, two),)


@pytest.mark.parametrize("key", ["__team", "__", "_", "a/b", "x.y", "root"])
def test_a_tag_is_changed_and_taken_away_whatever_its_key(house: House, key: str) -> None:
    house.write("checkout.yaml", function_spec(extra="tags: " + json.dumps({key: "red"})))
    house.apply()
    house.write("checkout.yaml", function_spec(extra="tags: " + json.dumps({key: "blue"})))
    house.writes()
    house.apply()
    assert house.writes() == ["TagResource"]
    house.write("checkout.yaml", function_spec(extra="tags: {}"))
    house.apply()
    assert house.writes() == ["UntagResource"]
    assert house.verbs() == {}


def test_a_mappings_tag_is_changed_whatever_its_key(house: House) -> None:
    queue = {"EventSourceArn": "arn:aws:sqs:us-west-2:123456789012:orders"}
    for colour in ("red", "blue"):
        mapping = {**queue, "Tags": {"__team": colour}}
        house.write("checkout.yaml", function_spec(extra="event_source_mappings: " + json.dumps({"orders": mapping})))
        house.apply()
    mapping = house.lambda_.list_event_source_mappings()["EventSourceMappings"][0]
    assert house.lambda_.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"] == {"__team": "blue"}
