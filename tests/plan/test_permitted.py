"""Which numbers of deletions the messages of commits allow."""

from __future__ import annotations

import pytest

from reconciler.plan.guards import permitted_by


@pytest.mark.parametrize(
    ("message", "numbers"),
    [
        ("drop three\n\nReconcile-Allow-Deletes: 3", {3}),
        ("squashed (#7)\n\n* one\n\nReconcile-Allow-Deletes: 3\n\n* two", {3}),
        ("x\r\n\r\nReconcile-Allow-Deletes: 3\r\n", {3}),
        ("x\n\nReconcile-Allow-Deletes: 3\nReconcile-Allow-Deletes: 4\n", {3, 4}),
        ("x\n\nReconcile-Allow-Deletes:3", {3}),
        ("say Reconcile-Allow-Deletes: 3 to allow it", set()),
        ("x\n\nReconcile-Allow-Deletes: 3 or so", set()),
        ("x\n\nReconcile-Allow-Deletes: -3", set()),
        ("x\n\nReconcile-Allow-Deletes: all", set()),
        ("x\n\nReconcile-Allow-Deletes:\n3", set()),
        ("x\n\nReconcile-Allow-Deletes: ٣", set()),
        ("", set()),
    ],
)
def test_a_number_stands_on_a_line_of_its_own(message: str, numbers: set[int]) -> None:
    assert permitted_by([message]) == numbers
