"""The law of versions that are not kept, over drawn houses: what anything is on stays, and once it is applied nothing more goes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.model import Desired, Key, Live, Retention, Snapshot, Spec, Target
from reconciler.kinds.retention import AT_ONCE, held_by
from reconciler.plan.case import Policy
from reconciler.plan.plan import plan
from reconciler.rollout.marker import split

TARGET = Target("test", "us-west-2", "checkout")
CONFIGURATION = {"Runtime": "python3.13", "Handler": "app.handler", "Role": "arn:aws:iam::123456789012:role/r"}
ARN = "arn:aws:lambda:us-west-2:123456789012:function:checkout"
MADE = "2026-01-{day:02}T12:00:00.000+0000"
NOW = "2026-01-31T13:00:00.000000Z"
MARKERS = (
    "",
    "[rollout {b}: step 1 of 2 at 25% since 2026-01-25T12:40:05Z, begun 2026-01-25T12:10:01Z, from {a}]",
    "[rollout {b}: watch since 2026-01-25T14:00:00Z, begun 2026-01-25T12:10:01Z, from {a}]",
    "[rollout {b}: rejected 2026-01-25T12:51:33Z: errors 4.1 % > 2 %]",
)


def version(number: int, day: int, timeout: int = 3) -> Live:
    properties = {"configuration": {**CONFIGURATION, "Timeout": timeout}, "code": {"CodeSha256": "h"}}
    handle = {"Version": str(number), "CodeSha256": "h", "LastModified": MADE.format(day=day)}
    return Live(Key(TARGET, "version", str(number)), properties, handle)


def function(timeout: int) -> Live:
    code = {"CodeSha256": "h", "SourceKMSKeyArn": "", "S3ObjectStorageMode": "COPY"}
    properties = {"configuration": {**CONFIGURATION, "Timeout": timeout}, "code": code, "tags": {}}
    return Live(
        Key(TARGET, "function"),
        properties,
        {"FunctionArn": ARN, "State": "Active", "LastUpdateStatus": "Successful", "Tags": {}},
    )


@st.composite
def houses(draw: st.DrawFn) -> tuple[Spec, tuple[Live, ...]]:
    """A spec that publishes and keeps some, and what lives: versions with gaps, aliases anywhere, some within a rollout."""
    there = sorted(draw(st.sets(st.integers(1, 30), min_size=1, max_size=24)))
    days = sorted(draw(st.lists(st.integers(1, 30), min_size=len(there), max_size=len(there))))
    versions = [version(number, day) for number, day in zip(there, days, strict=True)]
    aliases = []
    for name in draw(st.sets(st.sampled_from(["live", "old", "next"]))):
        first, other = draw(st.sampled_from(there)), draw(st.sampled_from(there))
        mark = draw(st.sampled_from(MARKERS)).format(a=first, b=other)
        handle = {"Rollout": mark} if split(mark)[1] else {}
        weights = {"AdditionalVersionWeights": {str(other): 0.25}} if other != first else {}
        aliases.append(
            Live(Key(TARGET, "alias", name), {"FunctionVersion": str(first), "RoutingConfig": weights}, handle)
        )
    retain = Retention(draw(st.sampled_from([0, 2, 3, 10])), draw(st.sampled_from([0, 1, 10, 25])))
    follows = draw(st.booleans())
    sections = {"configuration", "versions"} | ({"aliases"} if follows else set())
    desired = [
        Desired(Key(TARGET, "function"), {"configuration": {**CONFIGURATION, "Timeout": draw(st.sampled_from([3, 9]))}})
    ]
    for item in aliases if follows else ():
        said: dict[str, Any] = {"FunctionVersion": item.properties["FunctionVersion"]}
        if item.properties["RoutingConfig"]:
            said["RoutingConfig"] = item.properties["RoutingConfig"]
        desired.append(Desired(item.key, said))
    spec = Spec(TARGET, "a.yaml", tuple(desired), frozenset(sections), publish=True, retain=retain)
    return spec, (function(3), *versions, *aliases)


def gone(spec: Spec, live: tuple[Live, ...]) -> set[str]:
    (made,) = plan([spec], Snapshot(tuple(sorted(live, key=lambda item: item.key)), NOW), Policy()).targets
    assert all(item.key.kind != "function" for item in made.operations if item.name == "DeleteFunction")
    return {item.key.name for item in made.operations if item.name == "DeleteFunction"}


def applied(spec: Spec, live: tuple[Live, ...], deleted: set[str]) -> tuple[Live, ...]:
    """What lives once the plan is carried out."""
    timeout = spec.desired[0].properties["configuration"]["Timeout"]
    newest = max((item for item in live if item.key.kind == "version"), key=lambda item: int(item.key.name))
    is_published = newest.properties["configuration"]["Timeout"] != timeout
    number = int(newest.key.name) + 1
    left = (item for item in live if not (item.key.kind == "version" and item.key.name in deleted))
    made = [version(number, 31, timeout)] if is_published else []
    return (*(replace(function(timeout)) if item.key.kind == "function" else item for item in left), *made)


@given(houses())
def test_what_an_alias_or_its_rollout_is_on_stays_and_so_do_the_newest(house: tuple[Spec, tuple[Live, ...]]) -> None:
    spec, live = house
    deleted = gone(spec, live)
    numbers = sorted((int(item.key.name) for item in live if item.key.kind == "version"), reverse=True)
    assert not deleted & {version for item in live if item.key.kind == "alias" for version in held_by(item)}
    assert str(numbers[0]) not in deleted
    assert spec.retain
    assert len(deleted) <= min(AT_ONCE, max(0, len(numbers) + 1 - max(spec.retain.newest, 2)))


@given(houses())
def test_once_it_is_applied_nothing_more_goes(house: tuple[Spec, tuple[Live, ...]]) -> None:
    spec, live = house
    deleted = gone(spec, live)
    again = gone(spec, applied(spec, live, deleted))
    assert len(deleted) == AT_ONCE or again == set()
