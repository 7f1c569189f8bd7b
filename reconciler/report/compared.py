"""Two versions of a function, side by side: settings that differ in normal form, and files of their code. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from reconciler.core.diff import differences, pointer, unreadable, with_value
from reconciler.core.model import Live, Target
from reconciler.core.plans import FieldChange
from reconciler.core.values import SENSITIVE, UNSET
from reconciler.kinds.function import FUNCTION
from reconciler.report.documents import field_document
from reconciler.report.schemas import FORMAT_VERSION

SECTIONS = ("configuration", "code")


class Content(Protocol):
    """What is known of a file of a package; equal where the files are."""

    @property
    def size(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Side:
    """A version under the name by which it was asked for. `files` are those of its code by name; `problem` says why they are not known."""

    qualifier: str
    version: str
    live: Live
    files: Mapping[str, Content] = field(default_factory=dict)
    problem: str = ""


def diff_document(target: Target, before: Side, after: Side, taken_at: str) -> dict[str, Any]:
    fields, hidden = settings(before.live, after.live)
    problem = before.problem or after.problem
    return {
        "format_version": FORMAT_VERSION,
        "kind": "diff",
        "address": str(target),
        "taken_at": taken_at,
        "before": _side(before),
        "after": _side(after),
        "fields": [field_document(change) for change in fields],
        "files": [] if problem else list(files(before.files, after.files)),
        "problems": [*hidden, *([problem] if problem else [])],
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "qualifier": side.qualifier,
        "version": side.version,
        "modified_at": str(side.live.handle.get("LastModified", "")),
        "code_sha256": str(side.live.handle.get("CodeSha256", "")),
        "code_bytes": int(side.live.handle.get("CodeSize", 0)),
    }


def settings(before: Live, after: Live) -> tuple[list[FieldChange], list[str]]:
    """The settings that differ, sensitive ones by their names alone, and what cannot be compared, for AWS does not show it."""
    function = before.key.target.function
    sides = [
        FUNCTION.normal({name: live.properties[name] for name in SECTIONS if name in live.properties}, function)
        for live in (before, after)
    ]
    hidden = {steps: value.reason for side in sides for steps, value in unreadable(side)}
    for steps in hidden:
        sides = [with_value(side, steps, UNSET) for side in sides]
    changes = [
        FieldChange(pointer(item.steps), *(_shown(item.steps, value) for value in (item.before, item.after)))
        for item in differences(*sides)
    ]
    return changes, [f"{'.'.join(steps)} cannot be compared: {reason}" for steps, reason in sorted(hidden.items())]


def _shown(steps: tuple[str, ...], value: Any) -> Any:
    return SENSITIVE if FUNCTION.is_sensitive(steps) and value is not UNSET else value


def files(before: Mapping[str, Content], after: Mapping[str, Content]) -> Iterator[dict[str, Any]]:
    """The files that are not the same, by name."""
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old != new:
            change = "added" if old is None else "removed" if new is None else "changed"
            yield {
                "path": name,
                "change": change,
                "before_bytes": old.size if old else None,
                "after_bytes": new.size if new else None,
            }


def is_same(document: Mapping[str, Any]) -> bool:
    """Whether nothing differs, as far as it could be compared."""
    return not (document["fields"] or document["files"])
