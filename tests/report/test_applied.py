"""Which commit each target was last carried out of, by reports."""

from __future__ import annotations

from typing import Any

from reconciler.report.applied import Applied, applied

A, B, C = "a" * 40, "b" * 40, "c" * 40


def report(
    commit: str | None, at: int, status: str = "succeeded", *, done: tuple[str, ...] = (), failed: tuple[str, ...] = (),
    command: str = "ci apply", is_dirty: bool = False,
) -> dict[str, Any]:  # fmt: skip
    tasks = [(name, False) for name in done] + [(name, True) for name in failed]
    return {
        "run": {"command": command, "started_at": f"2026-11-30T00:00:{at:02}.000Z"},
        "provenance": {"commit": commit, "dirty": is_dirty},
        "outcome": {"status": status, "exit_code": None},
        "tasks": [{"target": name, "status": {"completed": True, "failed": is_bad}} for name, is_bad in tasks],
    }


def test_without_reports_nothing_is_known() -> None:
    assert applied([]) == Applied()
    assert applied([]).commit_of("test/us-west-2/one") == ""


def test_a_run_that_left_nothing_undone_counts_for_every_target() -> None:
    known = applied([report(A, 1, "unchanged")])
    assert (known.last, known.whole, known.commit_of("test/us-west-2/one")) == (A, A, A)


def test_a_run_that_failed_in_part_counts_for_what_it_did() -> None:
    known = applied([report(A, 1), report(B, 2, "partial", done=("one",), failed=("two",))])
    assert (known.last, known.whole) == (B, A)
    assert (known.commit_of("one"), known.commit_of("two"), known.commit_of("three")) == (B, A, A)


def test_a_refused_run_moves_nothing() -> None:
    assert applied([report(A, 1), report(B, 2, "refused", failed=("one",))]).last == A


def test_the_order_is_that_of_the_runs_and_not_that_of_the_files() -> None:
    assert applied([report(B, 2), report(A, 1)]).last == B
    assert applied([report(B, 2, "partial", done=("one",)), report(C, 3), report(A, 1)]).commit_of("one") == C


def test_an_apply_of_a_part_of_the_tree_counts_for_its_targets_alone() -> None:
    known = applied([report(A, 1), report(B, 2, done=("one",), command="apply")])
    assert (known.whole, known.commit_of("one"), known.commit_of("two")) == (A, B, A)


def test_what_is_no_apply_and_what_was_applied_from_an_unclean_tree_tells_nothing() -> None:
    assert applied([report(A, 1, command="invoke"), report(B, 2, is_dirty=True), report(None, 3)]) == Applied()
