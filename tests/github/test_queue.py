"""Which pull requests a merge queue's commit holds, by its branches and by the tips among its commits."""

from __future__ import annotations

import pytest

from reconciler.github.port import PullRequest
from reconciler.github.queue import branches_for, number_of, waiting

A, B, C, D = "a" * 40, "b" * 40, "c" * 40, "d" * 40


def request(number: int, head: str) -> PullRequest:
    return PullRequest(number, head, "main", "", is_fork=False)


def branch(number: int) -> str:
    return f"{branches_for('main')}pr-{number}-{A}"


OPEN = [request(number, head) for number, head in ((1, "1" * 40), (2, "2" * 40), (3, "3" * 40))]


def numbers(commits: list[str], tips: dict[str, list[str]], tried: str = "") -> list[int]:
    return [found.number for found in waiting(OPEN, commits, tips, tried)]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        (f"refs/heads/gh-readonly-queue/main/pr-104-{A}", 104),
        (f"refs/remotes/origin/gh-readonly-queue/release/2.0/pr-7-{A}", 7),
        (f"refs/heads/topic/pr-7-{A}x", None),
        ("refs/heads/pr-7", None),
        ("", None),
    ],
)
def test_a_branch_of_a_queue_names_its_pull_request(name: str, number: int | None) -> None:
    assert number_of(name) == number


def test_those_before_it_come_in_the_order_of_their_commits_and_what_is_tried_comes_last() -> None:
    tips = {B: [branch(2)], C: [branch(1)], D: [branch(3)]}
    assert numbers([B, C, D], tips, branch(3)) == [2, 1, 3]
    assert numbers([D, C, B], tips, branch(3)) == [1, 2, 3]


def test_a_branch_that_ends_elsewhere_is_no_part_of_it() -> None:
    assert numbers([D], {B: [branch(1)], D: [branch(3)]}, branch(3)) == [3]


def test_where_nothing_is_squashed_the_tips_are_among_the_commits() -> None:
    assert numbers(["2" * 40, B, "1" * 40, C], {}) == [2, 1]
    assert numbers(["2" * 40, B, "1" * 40, C], {B: [branch(2)], C: [branch(1)]}, branch(1)) == [2, 1]


def test_what_is_open_no_more_or_was_never_is_none() -> None:
    assert numbers([B, C], {B: [branch(9)]}, branch(8)) == []
