"""What is asked of the forge that holds a repository, as values and one protocol; `client` asks GitHub, another forge may follow. Pure.

Every call raises ForgeError when no answer can be had, ForgeDenied when the token may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from reconciler.github.annotations import Annotation


@dataclass(frozen=True, slots=True)
class Comment:
    identifier: int
    author: str
    body: str
    url: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """`head` is the commit at the tip of its branch, `base` the branch that it is merged into; `merged_at` is empty until it is."""

    number: int
    head: str
    base: str
    merged_at: str
    is_fork: bool


@dataclass(frozen=True, slots=True)
class Artifact:
    """What a run left: a zip. `run` counts the runs as they began; `commit` is the one that it looked at, of a pull request the tip of its
    branch, which is its `branch`. `made_at` is as our documents write times. A `foreign` one comes from a run of a fork's pull request."""

    identifier: int
    name: str
    size: int
    run: int
    commit: str
    branch: str
    made_at: str
    is_foreign: bool


@dataclass(frozen=True, slots=True)
class Issue:
    number: int
    author: str
    title: str
    body: str
    is_open: bool


Conclusion = Literal["success", "neutral", "failure"]


class Forge(Protocol):
    """One repository, by one token."""

    def me(self) -> str:
        """The name that what this token writes bears as its author."""

    def comments(self, number: int) -> Iterator[Comment]:
        """Those of a pull request or issue, oldest first."""

    def add_comment(self, number: int, body: str) -> Comment: ...

    def edit_comment(self, number: int, identifier: int, body: str) -> None: ...

    def pull_request(self, number: int) -> PullRequest: ...

    def pull_requests_with(self, commit: str) -> list[PullRequest]:
        """Those that brought a commit to where it is, open ones too."""

    def open_pull_requests(self, base: str) -> list[PullRequest]:
        """Those that are not merged yet and are for a branch."""

    def artifacts(self, name: str, *, commit: str = "") -> Iterator[Artifact]:
        """Those of a name that are still there, newest first; with a commit, only those of runs that looked at it."""

    def event_of(self, artifact: Artifact) -> str:
        """What started the run that left it, as `push`."""

    def download(self, artifact: Artifact, most_bytes: int) -> bytes:
        """The zip. Raises ForgeError when it is larger."""

    def check(
        self,
        commit: str,
        name: str,
        title: str,
        summary: str,
        conclusion: Conclusion,
        annotations: Sequence[Annotation],
    ) -> None:
        """A check run beside a commit, all annotations that have a file, as many requests as that takes."""

    def issues(self, label: str) -> Iterable[Issue]:
        """Those with a label, closed ones too, newest first; no pull requests."""

    def open_issue(self, title: str, body: str, label: str) -> Issue: ...

    def edit_issue(self, number: int, *, title: str, body: str, is_open: bool) -> None: ...
