"""Which pull requests a commit of a merge queue holds: the one that it is there to try, and those that wait before it. Pure.

GitHub tells of no such commit which pull request it comes from. What it does tell are the branches of its queue, `pr-7-` and a
commit, and, where it merges without squashing, the tips of the pull requests among the commits.
https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from reconciler.github.port import PullRequest

REMOTE = "refs/remotes/origin"  # where a clone has GitHub's branches


def branches_for(branch: str) -> str:
    """Below what the branches lie that a queue makes for one."""
    return f"{REMOTE}/gh-readonly-queue/{branch}/"


def number_of(name: str) -> int | None:
    """The pull request that a branch of a queue is there to try."""
    found = re.search(r"/pr-([0-9]{1,9})-[0-9a-f]{40,64}$", name)
    return int(found[1]) if found else None


def waiting(
    open_ones: Iterable[PullRequest], commits: Sequence[str], tips: Mapping[str, Sequence[str]], tried: str
) -> list[PullRequest]:
    """The pull requests in a queue's commit, the one that is `tried` last. `commits` are those that it has and its branch has not,
    oldest first; `tips` the branches of the queue that end at them."""
    by_number = {request.number: request for request in open_ones}
    by_head = {request.head: request.number for request in by_number.values()}
    numbers = [
        number
        for commit in commits
        for number in (by_head.get(commit), *(number_of(name) for name in tips.get(commit, ())))
        if number in by_number
    ]
    last = number_of(tried)
    ordered = [*(number for number in numbers if number != last), *([last] if last in by_number else [])]
    return [by_number[number] for number in dict.fromkeys(ordered) if number is not None]
