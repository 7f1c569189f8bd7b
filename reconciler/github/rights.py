"""What is done at GitHub, the permission that it takes, and what GitHub means by a refusal, in words that say what to do. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from reconciler.core.errors import ForgeDenied, ForgeError
from reconciler.core.foreign import printable
from reconciler.github.asking import Answer
from reconciler.github.job import part, text

LONGEST_SAID = 300


@dataclass(frozen=True, slots=True)
class Right:
    """What is done, as a message says it, and the entry below `permissions:` of the job that permits it."""

    what: str
    permission: str

    @property
    def is_to_write(self) -> bool:
        return self.permission.endswith("write")


WHO = Right("ask whose token this is", "contents: read")
READ_COMMENTS = Right("read comments", "pull-requests: read")
WRITE_COMMENT = Right("write a comment", "pull-requests: write")
READ_PULL_REQUESTS = Right("read pull requests", "pull-requests: read")
READ_ARTIFACTS = Right("read artifacts", "actions: read")
WRITE_CHECK = Right("write a check run", "checks: write")
READ_ISSUES = Right("read issues", "issues: read")
WRITE_ISSUE = Right("write an issue", "issues: write")


def granted(right: Right, answer: Answer) -> Answer:
    """The answer, if it is what was asked for. Raises ForgeDenied or ForgeError."""
    if 200 <= answer.status < 300:
        return answer
    said = f"({answer.status}{_said(answer)})"
    if answer.status == 401:
        raise ForgeDenied(
            f"cannot {right.what}: GitHub does not take the token {said}; GITHUB_TOKEN must hold a valid one"
        )
    if answer.status == 403 or (answer.status == 404 and right.is_to_write):
        never = ", which the run of a fork's pull request or of Dependabot never has" if right.is_to_write else ""
        raise ForgeDenied(
            f"this token may not {right.what} {said}; it takes the job's `permissions: {{{right.permission}}}`{never}"
        )
    raise ForgeError(f"cannot {right.what}: GitHub refuses {said}")


def document(right: Right, answer: Answer) -> Any:
    """The JSON of an answer. Raises ForgeDenied or ForgeError."""
    try:
        return json.loads(granted(right, answer).content)
    except ValueError as error:
        raise unreadable(right) from error


def unreadable(right: Right) -> ForgeError:
    return ForgeError(
        f"cannot {right.what}: what came back is not as GitHub answers; GITHUB_API_URL must be GitHub's API"
    )


def _said(answer: Answer) -> str:
    """What GitHub says itself, in one line."""
    try:
        refusal = json.loads(answer.content)
    except ValueError:
        return ""
    errors = refusal.get("errors") if isinstance(refusal, dict) else None
    parts = [part(refusal), *(map(part, errors) if isinstance(errors, list) else ())]
    return "".join(f": {printable(text(one, 'message'))[:LONGEST_SAID]}" for one in parts if text(one, "message"))
