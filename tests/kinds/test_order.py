"""The order of all operations: nothing is forgotten in it, nothing stands in it twice."""

from __future__ import annotations

from reconciler.kinds.registry import CALLS, KINDS, ORDER, RANKS, WAITS

ENTRIES = [entry for line in ORDER for entry in line]


def test_no_operation_stands_twice() -> None:
    assert len(ENTRIES) == len(set(ENTRIES)) == len(RANKS)


def test_every_kind_and_every_call_that_changes_something_has_its_place() -> None:
    assert {entry.partition("/")[0] for entry in ENTRIES} == set(KINDS)
    assert {entry.partition("/")[2] for entry in ENTRIES} == set(CALLS)


def test_every_wait_that_a_call_names_is_one_of_a_kind() -> None:
    assert {wait for call in CALLS.values() for wait in call.settle} <= set(WAITS)
    assert len(WAITS) == sum(len(kind.waits) for kind in KINDS.values())
