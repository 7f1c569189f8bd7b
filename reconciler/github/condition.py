"""Whether the `if` of a job can hold in the pull request of a fork. Pure; of what it does not know it takes the worse.

https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
"""

from __future__ import annotations

import re

IN_THE_TREE = "github.event.pull_request.head.repo.full_name == github.repository"
KEEPING_OUT = (
    IN_THE_TREE,
    "github.repository == github.event.pull_request.head.repo.full_name",
    "github.event.pull_request.head.repo.fork == false",
    "!github.event.pull_request.head.repo.fork",
)
OF_A_BRANCH = re.compile(r"github\.ref == (?:format\()?'refs/(?:heads|tags)/")
BY_EVENT = re.compile(r"github\.event_name (==|!=) '(\w+)'")
BY_EVENTS = re.compile(r"contains\([^!]*\bgithub\.event_name\s*\)")


def may_be_a_forks(condition: str) -> bool:
    """Alternatives by any of them, what must hold together by all of it."""
    text = condition.removeprefix("${{").removesuffix("}}").strip()
    for operator, combined in (("||", any), ("&&", all)):
        parts = _parts(text, operator)
        if len(parts) > 1:
            return combined(map(may_be_a_forks, parts))
    if text.startswith("(") and len(_parts(text, ")")) == 2 and text.endswith(")"):
        return may_be_a_forks(text[1:-1])
    return not _keeps_forks_out(text)


def _keeps_forks_out(claim: str) -> bool:
    """It names the repository of the head, a branch, or the events that it is for, none of which is a pull request."""
    if claim in KEEPING_OUT or OF_A_BRANCH.match(claim):
        return True
    if event := BY_EVENT.fullmatch(claim):
        return (event[2] == "pull_request") is (event[1] == "!=")
    quoted = {word for text in re.findall("'[^']*'", claim) for word in re.findall(r"\w+", text)}
    return bool(BY_EVENTS.fullmatch(claim)) and "pull_request" not in quoted


def _parts(text: str, operator: str) -> list[str]:
    """A text at each operator that stands neither in brackets nor in quotes; a bracket that closes is outside of what it closes."""
    parts, start, depth, is_quoted = list[str](), 0, 0, False
    for at, character in enumerate(text):
        is_quoted ^= character == "'"
        if is_quoted:
            continue
        depth += (character == "(") - (character == ")")
        if depth == 0 and text.startswith(operator, at):
            parts.append(text[start:at])
            start = at + len(operator)
    return [*parts, text[start:]]
