"""A function may have thousands of mappings: each resource is looked at a fixed number of times."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.core.model import Desired, Key, LayerReference, Live, Properties, Snapshot, Spec, Target
from reconciler.core.plans import Action, Plan, TargetPlan
from reconciler.kinds.event_source_mapping import EVENT_SOURCE_MAPPING, identity
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.kinds.registry import KINDS
from reconciler.plan import cause
from reconciler.plan.case import Policy
from reconciler.plan.cause import with_causes
from reconciler.plan.matching import pairs
from reconciler.plan.plan import plan
from reconciler.plan.timeline import Moments, Then
from reconciler.spec import load

TARGET = Target("test", "us-west-2", "fan-in")
COUNT = 3200


def queue(number: int) -> dict[str, str]:
    return {"EventSourceArn": f"arn:aws:sqs:us-west-2:123456789012:queue-{number}"}


def test_pairing_asks_each_resource_once_by_each_key() -> None:
    asked: Counter[str] = Counter()

    def counted(name: str, properties: Properties) -> object:
        asked[name] += 1
        return identity(name, properties)

    kind = replace(EVENT_SOURCE_MAPPING, identity=counted)
    desired = [Desired(Key(TARGET, kind.name, f"label-{number}"), queue(number)) for number in range(COUNT)]
    live = [Live(Key(TARGET, kind.name, f"uuid-{number}"), queue(number)) for number in reversed(range(COUNT))]
    found = pairs(kind, desired, live)
    assert all(pair.desired and pair.live and pair.desired.properties == pair.live.properties for pair in found)
    assert len(found) == COUNT
    assert set(asked.values()) == {1}


def test_causes_of_deletions_ask_each_resource_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()

    def counted(name: str, properties: Properties) -> object:
        asked[name] += 1
        return identity(name, properties)

    kind = replace(EVENT_SOURCE_MAPPING, identity=counted)
    monkeypatch.setattr(cause, "KINDS", {**KINDS, kind.name: kind})
    named = tuple(Desired(Key(TARGET, kind.name, f"label-{number}"), queue(number)) for number in range(20))
    live = [Live(Key(TARGET, kind.name, f"uuid-{number}"), queue(number)) for number in range(21)]
    before = Spec(TARGET, "f.yaml", named, frozenset({kind.section}))
    then = Then(before, str, lambda _: ["somebody"], lambda _: False)
    going = TargetPlan(TARGET, tuple(Action(item.key, "delete") for item in live), ())
    explained = with_causes(
        Plan((going,), "", "", ""), lambda _: Moments(then, then, then), [replace(before, desired=())], live=live
    )
    told = [(action.cause, action.author) for action in explained.targets[0].actions]
    assert told == [*[("edit", "somebody")] * 20, ("drift", "")]  # git never named the last one
    assert max(asked.values()) <= 3


def test_two_that_are_alike_on_one_side_are_not_guessed_at() -> None:
    kind = EVENT_SOURCE_MAPPING
    desired = [Desired(Key(TARGET, kind.name, name), queue(1)) for name in ("one", "two")]
    found = pairs(kind, desired, [Live(Key(TARGET, kind.name, "uuid"), queue(1))])
    assert [(pair.key.name, pair.live is None) for pair in found] == [("one", True), ("two", True), ("uuid", False)]


def test_thousands_of_mappings_expand_in_the_time_that_reading_them_takes(tmp_path: Path) -> None:
    mappings = "".join(
        f' m{number}: {{EventSourceArn: "{queue(number)["EventSourceArn"]}"}}\n' for number in range(COUNT)
    )
    file = tmp_path / "fan-in.yaml"
    file.write_text(f"function: fan-in\nevent_source_mappings:\n{mappings}")
    begun = time.process_time()
    document = load.read(file)
    has_read = time.process_time()
    (made,) = load.expanded(document, [TARGET], None)
    assert time.process_time() - has_read < 3 * (has_read - begun)
    assert len(made.desired) == COUNT
    last = made.desired[-1]
    assert str(last.origins["/EventSourceArn"]) == f"{file}:{COUNT + 2}:{last.origins['/EventSourceArn'].column}"


class Counted(tuple[Live, ...]):
    """What lives, counting how often all of it is gone through."""

    times = 0

    def __iter__(self) -> Iterator[Live]:
        self.times += 1
        return super().__iter__()


def test_what_lives_is_gone_through_as_often_for_one_function_of_a_layer_as_for_many() -> None:
    layer = Target("test", "us-west-2", "shared", LAYER.name)
    address = "arn:aws:lambda:us-west-2:123456789012:layer:shared"

    def times(count: int) -> int:
        functions = [Target("test", "us-west-2", f"f{number}") for number in range(count)]
        says = {"configuration": {"Layers": [LayerReference(layer)]}}
        specs = [
            Spec(target, "f.yaml", (Desired(Key(target, FUNCTION.name), says),), frozenset({"configuration"}))
            for target in functions
        ]
        held = {"configuration": {"Layers": [f"{address}:1"]}, "code": {"CodeSha256": "x"}}
        live = Counted(
            [
                Live(Key(layer, LAYER.name), {}, {"LayerVersionArn": f"{address}:2"}),
                *(Live(Key(target, FUNCTION.name), held, {"FunctionArn": "arn", "Tags": {}}) for target in functions),
            ]
        )
        made = plan(specs, Snapshot(live, "2026-01-01T00:00:00Z", {"test": "123456789012"}, {}), Policy())
        sent = [item.params["Layers"] for target in made.targets for item in target.operations]
        assert sent == [[f"{address}:2"]] * count
        return live.times

    assert times(1) == times(20)
