"""Targets that a plan treats alike, as one: the same but for each one's name, code, version numbers and places. Pure.

What differs among them in this way alone stands as NAME or OWN in what is shown of all; the rest is shown as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reconciler.core.grouping import grouped
from reconciler.kinds.base import PUBLISHED
from reconciler.report.formats import Document
from reconciler.report.formats.shown import function_of, target_shown

NAME, OWN = "{{ function }}", "…"  # the name as specs refer to it
OWN_CODE = ("/code/CodeSha256", "/code/S3ObjectVersion")


@dataclass(frozen=True)
class Group:
    """Targets of a plan's document that are treated alike, in the plan's order; at least one."""

    targets: Sequence[Document]

    @property
    def addresses(self) -> list[str]:
        return [target["address"] for target in self.targets]

    @cached_property
    def names(self) -> list[str]:
        """The functions' names, or whole addresses where these are not all of one account and region."""
        places = {address.rpartition("/")[0] for address in self.addresses}
        return [function_of(address) for address in self.addresses] if len(places) == 1 else self.addresses

    @cached_property
    def common(self) -> dict[str, Any]:
        """The target as formats show it, standing for all."""
        if len(self.targets) == 1:
            return target_shown(self.targets[0])
        members = [_standing(target) for target in self.targets]
        return target_shown(_agreed(likened_target(self.targets[0]), members))


def _standing(target: Document) -> dict[str, Any]:
    """A target as it is, but at NAME and without what tells targets apart and is no part of what is done."""
    at, acting = target["address"], (action for action in target["actions"] if action["verb"] != "none")
    actions = [{**action, "address": NAME + action["address"].removeprefix(at)} for action in acting]
    return {"address": NAME, "actions": actions, "operations": [{} for _ in target["operations"]]}


def groups(targets: Iterable[Document]) -> list[Group]:
    """Targets by what is done to them, each group where its first one stands."""
    return [Group(tuple(members)) for members in grouped(targets, _likeness).values()]


def _likeness(target: Document) -> str:
    likened = likened_target(target)
    actions = [
        {name: value for name, value in action.items() if name not in ("author", "hidden", "package", "who")}
        for action in likened["actions"]
    ]
    return json.dumps([actions, len(likened["operations"])], sort_keys=True)


def likened_target(target: Document) -> dict[str, Any]:
    """A target without what is its own."""
    standing, name = _standing(target), function_of(target["address"])
    return {**standing, "actions": [_action(action, name) for action in standing["actions"]]}


def _action(action: Document, name: str) -> dict[str, Any]:
    said = {
        **action,
        "reason": re.sub(r"\bversion [0-9]+\b", f"version {OWN}", _nameless(action["reason"], name)),
        "fields": [_field(field, name) for field in action["fields"]],
    }
    own = {name: None for name in ("package", "who") if name in action}
    return said | own | ({"traffic": _traffic(action["traffic"])} if "traffic" in action else {})


def _field(field: Document, name: str) -> dict[str, Any]:
    before, after = (_nameless(field[side], name) for side in ("before", "after"))
    if field["path"] in OWN_CODE:
        before, after = (side and OWN for side in (before, after))
    elif field["path"] == "/code/ImageUri":
        before, after = (
            re.sub("sha256:[0-9a-f]{64}", f"sha256:{OWN}", str(side)) if side else side for side in (before, after)
        )
    elif field["path"].endswith("/FunctionVersion") and field.get("known_after_apply"):
        before = before and OWN
    said = {"said": _nameless(field["said"], name)} if "said" in field else {}
    return {**field, **said, "before": before, "after": after, "source": None, "author": ""}


def _traffic(traffic: Document) -> dict[str, Any]:
    """Shares of versions, whose numbers are each function's own where it publishes."""
    if PUBLISHED not in traffic["after"]:
        return dict(traffic)
    sides = {
        side: {version if version == PUBLISHED else OWN: share for version, share in traffic[side].items()}
        for side in ("before", "after")
    }
    return {**sides, "next_version": ""}


def _nameless(value: Any, name: str) -> Any:
    """A value in which the function's name, as a word, is NAME."""
    match value:
        case str():
            return (
                re.sub(rf"(?<![A-Za-z0-9_-]){re.escape(name)}(?![A-Za-z0-9_-])", NAME, value)
                if name in value
                else value
            )
        case Mapping():
            return {key: _nameless(item, name) for key, item in value.items()}
        case list():
            return [_nameless(item, name) for item in value]
    return value


def _agreed(likened: Any, members: Sequence[Any]) -> Any:
    """What all the members say, down to where they begin to differ; there, what is left without their own."""
    first = members[0]
    if all(member == first for member in members):
        return first
    if isinstance(likened, dict) and all(isinstance(member, Mapping) for member in members):
        keys = [key for key in likened if all(key in member for member in members)]
        if len(keys) == len(likened):
            return {key: _agreed(likened[key], [member[key] for member in members]) for key in keys}
    if isinstance(likened, list) and all(isinstance(one, list) and len(one) == len(likened) for one in members):
        return [_agreed(item, [member[at] for member in members]) for at, item in enumerate(likened)]
    return likened
