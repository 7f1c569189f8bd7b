"""What of a target is left to do and stands in no reviewed plan of it: action by action, field by field. Pure: documents in, lines out."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reconciler.core.diff import pointer, steps_of, value_at
from reconciler.core.model import Live
from reconciler.core.plans import TargetPlan
from reconciler.core.values import UNSET
from reconciler.core.words import shortened
from reconciler.kinds.alias import ALIAS
from reconciler.kinds.base import PUBLISHED
from reconciler.kinds.registry import KINDS
from reconciler.kinds.version import newest_number
from reconciler.plan.changes import prefix
from reconciler.plan.digests import hidden_digest
from reconciler.plan.layers import stands_for

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Lines of what would be done and was not seen, and of what was seen in their place. None of it where no plan acts on the
    target."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    was_reviewed: bool = True


def unseen_of(
    target_plan: TargetPlan, now: Document, target: Document, seen: Document | None, reviewed: Document | None
) -> Unseen | None:
    """What of a `target` as it is planned `now` is left and was not `seen`; None when all of it was."""
    if seen is None or reviewed is None:
        return Unseen((), tuple(_lines(target)), was_reviewed=False)
    if target["digest"] == seen["digest"]:
        return None
    before, after = list(_access(reviewed, target["address"])), list(_access(now, target["address"]))
    is_otherwise = _digest_of_access(reviewed, target["address"]) != _digest_of_access(now, target["address"])
    before, after = (before, after) if is_otherwise else ([], [])
    actions = {action["address"]: action for action in seen["actions"]}
    for action in (action for action in target["actions"] if action["verb"] != "none"):
        was = actions.get(action["address"])
        if was is None or was["verb"] not in SEEN_AS[action["verb"]]:
            before += _action_lines(was) if was else []
            after += _action_lines(action)
            continue
        left, more, is_hidden = Left(target_plan, action, was).compared()
        if is_hidden:
            left, more = [*left, *_rollout_lines(was)], [*more, *_rollout_lines(action)]
        before, after, is_otherwise = before + left, after + more, is_otherwise or is_hidden
    return Unseen(tuple(before), tuple(after)) if before or after or is_otherwise else None


# The verb of what is left, and the verbs that a review may have shown for it: adopting is updating with our mark.
SEEN_AS: Mapping[str, tuple[str, ...]] = {
    "create": ("create",),
    "update": ("update", "adopt"),
    "replace": ("replace",),
    "adopt": ("adopt",),
    "delete": ("delete",),
}


@dataclass(frozen=True)
class Left:
    """An action that is left, beside the reviewed one. What the reviewed one had more must be what AWS holds by now, or git has
    changed its mind since the review."""

    target: TargetPlan
    action: Document
    was: Document

    def compared(self) -> tuple[list[str], list[str], bool]:
        """Lines that were reviewed and are not as they were, lines that are left in their place, and whether a value that is not
        shown may differ."""
        known = {field["path"]: self._field_of(field) for field in self.action["fields"]}
        unlike = [field for field in self.action["fields"] if not self._is_as_seen(field, known[field["path"]])]
        met = [id(field) for field in known.values() if field]
        missing = [field for field in self.was["fields"] if id(field) not in met and not self._is_held(field)]
        before = [field for field in (*(known[field["path"]] for field in unlike), *missing) if field]
        return [*map(_field_line, before)], [*map(_field_line, unlike)], not self._hides_the_same()

    def _field_of(self, field: Document) -> Document | None:
        """The reviewed field of the same path; the newest version stands where the review could only say `published`."""
        start, _, name = field["path"].rpartition("/")
        paths = [field["path"], f"{start}/{PUBLISHED}" if name and name == self._newest else ""]
        return next(
            (candidate for path in paths for candidate in self.was["fields"] if candidate["path"] == path), None
        )

    def _is_as_seen(self, field: Document, seen: Document | None) -> bool:
        """Whether the field was reviewed as it is: the newest version standing for what was known only after the apply, and an
        alias coming from whatever version it is on."""
        if seen is None:
            return False
        is_version = self.action["kind"] == ALIAS.name and field["path"].endswith("/FunctionVersion")
        is_newest = bool(seen.get("known_after_apply")) and field["after"] == self._newest != ""
        is_same = _said(field) == _said(seen) and field["sensitive"] == seen["sensitive"]
        return (is_same or is_newest) and (is_version or field["before"] == seen["before"])

    @property
    def _newest(self) -> str:
        """The newest version that there is, published by an earlier run of the same plan as far as this one goes."""
        return str(newest_number(self.target.before) or "")

    def _live(self) -> Live | None:
        """What lives of the action's resource, as far as the action leaves it there."""
        if self.action["verb"] in ("create", "replace"):
            return None
        return next((live for live in self.target.before if str(live.key) == self.action["address"]), None)

    def _value(self, field: Document) -> Any:
        """What AWS holds where a field is, as a document shows it; nothing of what is only about to be."""
        live = self._live()
        if live is None:
            return UNKNOWN
        start = pointer(prefix(KINDS[live.key.kind], live.key.name))
        steps = tuple(
            self._newest if step == PUBLISHED else step for step in steps_of(field["path"].removeprefix(start))
        )
        return plainly(value_at(live.properties, steps))

    def _is_held(self, field: Document) -> bool:
        """Whether AWS holds by now what a reviewed field says. Where code comes from it does not hold: its hash says it."""
        if _is_hidden(field):
            return True  # looked at together
        if field["path"].startswith("/code/") and field["path"] != HASH:
            return self._seen_hash is not None and self._is_held(self._seen_hash)
        if field.get("written"):
            return stands_for(field["written"], self._value(field))
        wanted = self._newest if field.get("known_after_apply") else field["after"]
        return bool(wanted != "" and self._value(field) == wanted)

    @cached_property
    def _seen_hash(self) -> Document | None:
        return next((field for field in self.was["fields"] if field["path"] == HASH), None)

    def _hides_the_same(self) -> bool:
        """Whether the values that neither shows are the reviewed ones: all are left as they were, or AWS holds all of them by now."""
        left = [field["path"] for field in self.action["fields"] if _is_hidden(field)]
        was = [field for field in self.was["fields"] if _is_hidden(field)]
        if left == [field["path"] for field in was]:
            return bool(self.action.get("hidden", "") == self.was.get("hidden", ""))
        live = self._live()
        if left or live is None:
            return False
        start = pointer(prefix(KINDS[live.key.kind], live.key.name))
        inside = [field["path"].removeprefix(start) for field in was]
        values = [[path, value_at(live.properties, steps_of(path))] for path in inside]
        return bool(hidden_digest(values, live.key) == self.was.get("hidden"))


HASH = "/code/CodeSha256"
# Of a difference in a message: a reviewed plan can say anything, and the record keeps it.
MOST_LINES, LONGEST_LINE = 20, 500
UNKNOWN = object()  # equals nothing that a document says


def _is_hidden(field: Document) -> bool:
    """Whether only a digest says what the value will be."""
    return bool(field["sensitive"]) and str(field["after"]).startswith("(sensitive")


def _said(field: Document) -> Any:
    """What a field will be, a reference that stands for itself as it is written."""
    return field.get("written") or field["after"]


def plainly(value: Any) -> Any:
    return None if value is UNSET else value


def difference(target_plan: TargetPlan, unseen: Unseen) -> str:
    what = "is not what was approved" if unseen.was_reviewed else "was not in the approved plan"
    return f"{target_plan.target} {what}; {changed_lines(list(unseen.before), list(unseen.after))}; plan again and have it reviewed"


def changed_lines(before: list[str], after: list[str]) -> str:
    changed = [
        line
        for line in difflib.unified_diff(before, after, lineterm="", n=0)
        if not line.startswith(("---", "+++", "@@"))
    ]
    shown = [shortened(line, LONGEST_LINE) for line in changed[:MOST_LINES]]
    shown += [f"and {len(changed) - MOST_LINES} more"] if changed[MOST_LINES:] else []
    return f"approved (-) and now (+): {'; '.join(shown) or 'a sensitive value differs'}"


def _lines(target: Document) -> Iterator[str]:
    for action in target["actions"]:
        if action["verb"] != "none":
            yield from _action_lines(action)


def _action_lines(action: Document) -> list[str]:
    return [f"{action['verb']} {action['address']}", *map(_field_line, action["fields"])]


def _rollout_lines(action: Document) -> list[str]:
    """Of a rollout the digest of what was seen of it, for nobody shows its events."""
    seen = str(action.get("hidden", ""))[:8]
    return [f"{action['address']}: steps, events and analysis {seen}"] if action.get("rollout") else []


def _field_line(field: Document) -> str:
    return f"{field['path']}: {field['before']} → {field['after']}"


def _account(document: Document, address: str) -> Document:
    """How the account of an address is reached; nothing where the document does not say."""
    accounts = document.get("configuration", {}).get("accounts", ())
    return next((account for account in accounts if address.startswith(f"{account['name']}/")), {})


def _access(document: Document, address: str) -> list[str]:
    account = _account(document, address)
    return settings_lines(account) if account else []


def _digest_of_access(document: Document, address: str) -> str:
    return str(_account(document, address).get("digest", ""))


def settings_lines(settings: Mapping[str, Any]) -> list[str]:
    return [f"{path}: {value}" for path, value in settings["values"].items()]
