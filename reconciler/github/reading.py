"""GitHub's JSON as the port's values, and an annotation as GitHub's JSON. Pure; what is not as GitHub describes it is a ForgeError."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

from reconciler.github.annotations import Annotation
from reconciler.github.job import part, text
from reconciler.github.port import Artifact, Comment, Issue, PullRequest
from reconciler.github.rights import Right, unreadable
from reconciler.report.schemas import stamp

LARGEST_MESSAGE_BYTES = 64_000
LEVELS = {"error": "failure", "warning": "warning", "notice": "notice"}
Row = Mapping[str, Any]
Value = TypeVar("Value")


def value(right: Right, make: Callable[[Row], Value], row: Row) -> Value:
    """Raises ForgeError."""
    try:
        return make(row)
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(right) from error


def values(right: Right, make: Callable[[Row], Value], rows: Iterator[Row]) -> Iterator[Value]:
    return (value(right, make, row) for row in rows)


def comment(row: Row) -> Comment:
    return Comment(row["id"], author(row), text(row, "body"), text(row, "html_url"))


def issue(row: Row) -> Issue:
    return Issue(row["number"], author(row), row["title"], text(row, "body"), is_open=row["state"] == "open")


def pull_request(row: Row) -> PullRequest:
    head, base = row["head"], row["base"]
    is_fork = part(head, "repo").get("id") != part(base, "repo").get("id")  # a fork that was deleted has none
    return PullRequest(row["number"], head["sha"], base["ref"], moment(row["merged_at"] or ""), is_fork=is_fork)


def artifact(row: Row) -> Artifact:
    run = part(row, "workflow_run")
    return Artifact(
        identifier=row["id"],
        name=row["name"],
        size=row["size_in_bytes"],
        run=run.get("id") or 0,  # a run that is gone
        commit=text(run, "head_sha"),
        branch=text(run, "head_branch"),
        made_at=moment(row["created_at"]),
        is_foreign=run.get("repository_id") is None or run["repository_id"] != run.get("head_repository_id"),
    )


def moment(told: str) -> str:
    """A time as our documents write it."""
    return stamp(datetime.fromisoformat(told)) if told else ""


def event(row: Row) -> str:
    return str(row["event"])


def identifier(row: Row) -> int:
    return int(row["id"])


def author(row: Row) -> str:
    """Empty where the account is gone."""
    return text(part(row, "user"), "login")


def placed(annotation: Annotation) -> dict[str, Any]:
    """GitHub counts lines and columns from 1, and takes 64 KB of a message."""
    line = max(1, annotation.line)
    columns = {"start_column": annotation.column, "end_column": annotation.column} if annotation.column else {}
    message = annotation.message.encode()[:LARGEST_MESSAGE_BYTES].decode(errors="ignore")
    return {
        "path": annotation.file,
        "start_line": line,
        "end_line": line,
        **columns,
        "annotation_level": LEVELS[annotation.level],
        "message": message,
    }
