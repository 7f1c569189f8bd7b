"""Policies of IAM in the one form in which they are compared: what AWS answers in other words, and means the same by. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.core.model import Properties
from reconciler.core.sealing import digest
from reconciler.kinds.base import LETTERS

WORD = "policy"  # below a qualifier: its policy, whole
_TEXTS = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
_WHOM = {
    "anyOf": [{"type": "string", "enum": ["*"]}, {"type": "object", "additionalProperties": _TEXTS, "minProperties": 1}]
}
_SCALAR = {"type": ["string", "boolean", "integer", "number"]}
_VALUES = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR, "minItems": 1}]}
_STATEMENT: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["Effect", "Resource"],
    "properties": {
        "Sid": {
            "type": "string",
            "pattern": "^(?!unnamed-)[a-zA-Z0-9-_.]+$",
            "x-words": f"{LETTERS} and dots, and not unnamed-…",
        },
        "Effect": {"type": "string", "enum": ["Allow", "Deny"]},
        **dict.fromkeys(("Principal", "NotPrincipal"), _WHOM),
        **dict.fromkeys(("Action", "NotAction", "Resource"), _TEXTS),
        "Condition": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": _VALUES}},
    },
}
DOCUMENT: Mapping[str, Any] = {
    "description": "A whole policy in IAM's language, in place of statements by Sid; `{}` is none.",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "Version": {"type": "string", "enum": ["2012-10-17", "2008-10-17"]},
        "Id": {"description": "Sent, and not compared, for it says nothing.", "type": "string"},
        "Statement": {"type": "array", "items": _STATEMENT, "minItems": 1},
    },
    "if": {"minProperties": 1},
    "then": {"required": ["Version", "Statement"]},
}  # fmt: skip

_ROOT = re.compile(r"arn:aws[a-z-]*:iam::([0-9]{12}):root")
_PRINCIPALS = ("Principal", "NotPrincipal")
_UNNAMED = "unnamed-"


def only(value: Any) -> Any:
    """A value, or the one that a list holds; None for everything else."""
    return (
        value[0] if isinstance(value, list) and len(value) == 1 else None if isinstance(value, list | dict) else value
    )


def account_of(principal: Any) -> Any:
    """An account is its number, in whatever partition AWS shows its root."""
    root = _ROOT.fullmatch(str(principal))
    return root[1] if root else principal


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def one_or_many(values: Iterable[Any]) -> Any:
    """Values whose order says nothing: one is itself."""
    ordered = sorted(set(values))
    return ordered[0] if len(ordered) == 1 else ordered


def text(value: Any) -> str:
    """A value of a condition; truth values and numbers may be written without quotes."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def named(statements: Iterable[Properties]) -> dict[str, dict[str, Any]]:
    """Each statement by its Sid, or, where that is none or not its own, by what it says: in short, unless another one has that."""
    items = list(statements)
    sids = Counter(statement.get("Sid") for statement in items)
    keyed: dict[str, dict[str, Any]] = {}
    for statement in items:
        sid = statement.get("Sid")
        is_own = bool(sid) and sids[sid] == 1
        said = form({member: value for member, value in statement.items() if member != "Sid" or not is_own})
        name = str(sid) if is_own else f"{_UNNAMED}{digest(said)[:8]}"
        keyed[name if keyed.get(name, said) == said else f"{_UNNAMED}{digest(said)}"] = said
    return keyed


def form(statement: Properties) -> dict[str, Any]:
    """A statement in the form that is compared."""
    said: dict[str, Any] = {}
    for member, value in statement.items():
        if member in _PRINCIPALS:
            said[member] = _principals(value)
        elif member == "Condition":
            said |= {member: conditions} if (conditions := _conditions(value)) else {}
        else:
            said[member] = one_or_many(map(str, value)) if isinstance(value, list | tuple) else value
    return said


def _principals(written: Any) -> Any:
    """Whom a statement names, by sort. All of AWS and everybody are one."""
    if not isinstance(written, Mapping):
        return written
    by_sort = {sort: one_or_many(account_of(str(whom)) for whom in listed(value)) for sort, value in written.items()}
    return "*" if by_sort == {"AWS": "*"} else by_sort


def _conditions(written: Any) -> Any:
    """Values by operator and key. The case of a key says nothing, unless two of one operator differ by nothing else."""
    if not isinstance(written, Mapping) or not all(isinstance(keys, Mapping) for keys in written.values()):
        return written
    return {
        operator: {
            key.lower() if folded[key.lower()] == 1 else key: one_or_many(map(text, listed(value)))
            for key, value in keys.items()
        }
        for operator, keys in written.items()
        if (folded := Counter(key.lower() for key in keys))
    }


def written(policy: Properties) -> str:
    """A policy of named statements as the JSON that AWS takes."""
    statements = [
        {**({} if name.startswith(_UNNAMED) else {"Sid": name}), **said}
        for name, said in policy.get("Statement", {}).items()
    ]
    head = {member: value for member, value in policy.items() if member != "Statement" and value != ""}
    return json.dumps({**head, "Statement": statements}, separators=(",", ":"), ensure_ascii=False)
