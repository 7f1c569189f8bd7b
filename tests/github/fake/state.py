"""What the fake GitHub holds, and how a test arranges it and looks at it. Knows nothing of HTTP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

BOT = "github-actions[bot]"
JOB_PERMISSIONS = {
    "contents": "read", "pull-requests": "write", "issues": "write", "checks": "write", "actions": "read"
}  # fmt: skip


@dataclass
class Pull:
    """`commits` are all that its branch has had at its tip, and `merged` the one that it came to the base by."""

    number: int
    commits: list[str]
    base: str
    is_fork: bool
    labels: list[str] = field(default_factory=list)
    is_open: bool = True
    merged: str = ""
    merged_at: str = ""

    @property
    def head(self) -> str:
        return self.commits[-1]


@dataclass
class Comment:
    identifier: int
    number: int
    author: str
    body: str
    made_at: str


@dataclass
class Issue:
    number: int
    author: str
    title: str
    body: str
    labels: list[str]
    made_at: str
    is_open: bool = True


@dataclass
class Run:
    identifier: int
    commit: str
    event: str
    branch: str
    is_fork: bool
    made_at: str


@dataclass
class Artifact:
    """`size` is what GitHub says of it, and may be a lie in a test."""

    identifier: int
    name: str
    run: Run
    content: bytes
    size: int
    made_at: str
    is_expired: bool = False


@dataclass
class Check:
    identifier: int
    commit: str
    name: str
    external_id: str
    status: str
    conclusion: str | None
    title: str
    summary: str
    made_at: str
    annotations: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class State:
    """One repository, and the one token that there is. `author` is whose it is: of a job or an app a bot, which has no account.
    `most_per_page` makes pages smaller than asked for."""

    repository: str = "acme/shop"
    token: str = "ghs_" + "fake" * 9
    author: str = BOT
    permissions: dict[str, str] = field(default_factory=lambda: dict(JOB_PERMISSIONS))
    most_per_page: int = 100
    pulls: dict[int, Pull] = field(default_factory=dict)
    all_issues: dict[int, Issue] = field(default_factory=dict)
    all_comments: dict[int, Comment] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    artifacts: dict[int, Artifact] = field(default_factory=dict)
    all_checks: dict[int, Check] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    identifiers: Iterator[int] = field(default_factory=lambda: count(1000))

    def now(self) -> str:
        """A second later each time it is asked."""
        moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=next(self.identifiers))
        return moment.isoformat().replace("+00:00", "Z")

    # --- what a test arranges --------------------------------------------------------------------------------------

    def pull_request(self, number: int, head: str, *, base: str = "main", is_fork: bool = False) -> Pull:
        self.pulls[number] = Pull(number, [head], base, is_fork)
        return self.pulls[number]

    def push(self, number: int, head: str) -> None:
        """Something new at the tip of a pull request's branch."""
        self.pulls[number].commits.append(head)

    def merge(self, number: int, commit: str) -> None:
        """The commit is the one on the base: of the merge, or what the branch was squashed to."""
        pull = self.pulls[number]
        pull.merged, pull.merged_at, pull.is_open = commit, self.now(), False

    def comment(self, number: int, body: str, *, author: str = "") -> Comment:
        identifier = next(self.identifiers)
        self.all_comments[identifier] = Comment(identifier, number, author or self.author, body, self.now())
        return self.all_comments[identifier]

    def issue(self, title: str, body: str = "", *, labels: tuple[str, ...] = (), author: str = "") -> Issue:
        number = next(number for number in self.numbers if number not in self.pulls)
        self.all_issues[number] = Issue(number, author or self.author, title, body, list(labels), self.now())
        return self.all_issues[number]

    def run(self, commit: str, *, event: str = "pull_request", branch: str = "topic", is_fork: bool = False) -> Run:
        identifier = next(self.identifiers)
        self.runs[identifier] = Run(identifier, commit, event, branch, is_fork, self.now())
        return self.runs[identifier]

    def artifact(
        self,
        name: str,
        content: bytes | Mapping[str, bytes | str],
        *,
        run: Run | None = None,
        commit: str = "",
        size: int | None = None,
        is_fork: bool = False,
        is_expired: bool = False,
    ) -> Artifact:
        """Of a run that there is, or of a new one that looked at `commit`; files are zipped, bytes are taken as the zip."""
        zipped_content = content if isinstance(content, bytes) else zipped(content)
        identifier = next(self.identifiers)
        self.artifacts[identifier] = Artifact(
            identifier,
            name,
            run or self.run(commit, is_fork=is_fork),
            zipped_content,
            len(zipped_content) if size is None else size,
            self.now(),
            is_expired,
        )
        return self.artifacts[identifier]

    def read_only(self) -> None:
        """The token of a fork's pull request."""
        self.permissions = dict.fromkeys(self.permissions, "read")

    def without(self, permission: str) -> None:
        self.permissions.pop(permission)

    # --- what a test looks at --------------------------------------------------------------------------------------

    def comments(self, number: int) -> list[Comment]:
        return [comment for comment in self.all_comments.values() if comment.number == number]

    def issues(self, label: str = "") -> list[Issue]:
        return [issue for issue in self.all_issues.values() if not label or label in issue.labels]

    def checks(self, commit: str) -> list[Check]:
        return [check for check in self.all_checks.values() if check.commit == commit]


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
