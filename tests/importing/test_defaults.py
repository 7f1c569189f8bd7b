"""What defaults say for several specs, and what each says over them: laid together it is what the spec said."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model import Target
from reconciler.importing.defaults import common, patch
from reconciler.importing.drafts import Draft
from reconciler.spec.laying import merged

values = st.recursive(
    st.sampled_from([1, True, "x", 1.5]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
trees = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


@given(trees, trees)
def test_a_patch_over_what_is_below_is_what_was_wanted(below: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert merged(below, patch(below, wanted)) == wanted


def drafts(*configurations: dict[str, Any]) -> list[Draft]:
    return [Draft(Target("a", "r", "f"), {"configuration": said}, "", {}) for said in configurations]


def test_a_value_is_common_in_three_specs_and_four_of_five() -> None:
    one, other = {"Timeout": 5}, {"Timeout": 6}
    assert common(drafts(one, one)) == {}
    assert common(drafts(one, one, one, other)) == {}
    assert common(drafts(one, one, one, one, other)) == {"configuration": one}
    assert common(drafts({"Timeout": True}, {"Timeout": 1}, {"Timeout": 1})) == {}
