"""A cause by the four values that git had and the one that AWS holds: what holds of each word whatever the values are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model import Desired, Key, Spec, Target
from reconciler.core.plans import Action, Cause, FieldChange, Plan, TargetPlan
from reconciler.plan.cause import with_causes
from reconciler.plan.timeline import Moments, Then

TARGET = Target("test", "us-west-2", "one")
VALUES = st.sampled_from((128, 256, 512))


def spec(memory: int) -> Spec:
    item = Desired(Key(TARGET, "function"), {"configuration": {"MemorySize": memory}})
    return Spec(TARGET, "one.yaml", (item,), frozenset({"configuration"}))


def cause(live: int, *, began: int, base: int, applied: int, now: int) -> Cause | None:
    change = FieldChange("/configuration/MemorySize", live, now)
    plan = Plan((TargetPlan(TARGET, (Action(Key(TARGET, "function"), "update", (change,)),), ()),), "", "", "")
    then = Moments(*(Then(spec(memory), str, lambda _: (), lambda _: False) for memory in (began, base, applied)))
    explained = with_causes(plan, lambda _: then, [spec(now)], live=())
    return explained.targets[0].actions[0].changes[0].cause


@given(VALUES, VALUES, VALUES, VALUES, VALUES)
def test_each_word_says_what_is_so(live: int, began: int, base: int, applied: int, now: int) -> None:
    if live == now:
        return
    found = cause(live, began=began, base=base, applied=applied, now=now)
    assert (found in ("edit", "both")) == (began != now)
    if found == "behind":
        assert base != now == began
    if found == "unapplied":
        assert applied == live
        assert now == base
    if found in ("drift", "both"):
        assert live != applied
    if found == "drift":
        assert now == began


@given(VALUES, VALUES, VALUES)
def test_without_reports_on_a_branch_that_lacks_nothing_there_are_three_words(live: int, base: int, now: int) -> None:
    if live == now:
        return
    found = cause(live, began=base, base=base, applied=base, now=now)
    assert found == ("drift" if base == now else "edit" if live == base else "both")
