"""What may happen to a rollout, by number; each has a test of its own somewhere, whose name begins with that."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"^def test_scenario_([0-9]{2})_\w+\(", re.MULTILINE)
SCENARIOS: Mapping[int, str] = {
    1: "a canary of which all is well comes to 100 %, and the plan is empty at every tick",
    2: "a plan in the middle of a step has nothing to do, and says so with 12",
    3: "a kill between the smoke event and the first UpdateAlias",
    4: "a kill after that UpdateAlias, whose answer is lost",
    5: "errors at the second step take it back, with 27",
    6: "a failure in the middle of a bake acts at once",
    7: "an alarm that was red before counts once it was green",
    8: "an alarm that is deleted meanwhile is unsure",
    9: "too few invocations hold, and enough of them go on",
    10: "the same where unsure says go, or back",
    11: "an approval stays until somebody promotes",
    12: "paused, and errors still take it back",
    13: "beyond its deadline it is paused",
    14: "a commit in the middle begins anew, from the same stable version",
    15: "a commit that is reverted goes at once",
    16: "the stable version, pinned while one is open, ends it",
    17: "steps that are edited while one is open: the nearest",
    18: "rollout taken out of the spec: all of the traffic now",
    19: "somebody clears the weights, and no traffic is moved",
    20: "somebody promotes by hand, and the marker goes",
    21: "a description that is edited while one is open keeps the marker",
    22: "a smoke event with a wrong answer: rejected, and others are applied",
    23: "a smoke event that fails, takes too long, or is answered with what is no JSON",
    24: "another role is refused before anything is written",
    25: "provisioned concurrency follows the alias, or fails to",
    26: "provisioned concurrency and code in one commit are refused",
    27: "of two targets one is rejected",
    28: "two ticks at once take one step",
    29: "a tick while an apply holds the lock",
    30: "a runner's clock that is an hour off",
    31: "a schedule that is three hours late takes one step a tick",
    32: "errors while it is watched take it back to where it came from",
    33: "a rollback of what is done leaves an empty plan, and pins in one line",
    34: "the newest published version is deleted by hand",
    35: "retention keeps both versions of an open rollout",
    36: "a freeze holds ticks, and abort works",
    37: "CloudWatch that fails is unsure",
    38: "a record that is lost changes no decision",
    39: "a snapshot in a file shows an open rollout",
    40: "an event file that changed after the approval",
}  # fmt: skip


def named() -> Iterator[int]:
    for path in TESTS.rglob("test_*.py"):
        yield from map(int, NAMED.findall(path.read_text(encoding="utf-8")))


def test_every_scenario_has_a_test_by_its_number() -> None:
    found = set(named())
    assert {number: what for number, what in SCENARIOS.items() if number not in found} == {}
    assert found <= SCENARIOS.keys()


def test_a_test_is_found_by_its_name_alone() -> None:
    assert NAMED.findall("def test_scenario_07_is_red(house: House) -> None:\n    test_scenario_08_x()\n") == ["07"]
    assert NAMED.findall("# def test_scenario_09_x()\ndef test_scenario_9_x():\n    def test_scenario_10_y():\n") == []
