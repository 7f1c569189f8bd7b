"""Whether a resource policy lets somebody do something: allowed by a statement, and denied by none (FACTS 8).

Statements and facts of a call go in, a yes or no comes out. Of IAM's language it knows what the policies of functions are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

ANYBODY = ""  # who calls without credentials


def is_allowed(statements: Iterable[Mapping[str, Any]], action: str, caller: str, context: Mapping[str, str]) -> bool:
    """`caller` is an account's number, a service's name, or ANYBODY; `context` has the keys of conditions."""
    lowered = {key.lower(): value for key, value in context.items()}
    effects = {
        statement.get("Effect")
        for statement in statements
        if _is_of(statement, caller) and _is_about(statement, action) and _holds(statement, lowered)
    }
    return "Allow" in effects and "Deny" not in effects


def is_denied(statements: Iterable[Mapping[str, Any]], action: str, caller: str, context: Mapping[str, str]) -> bool:
    """Whether a statement forbids it, whoever else allows it."""
    denials = [{**statement, "Effect": "Allow"} for statement in statements if statement.get("Effect") == "Deny"]
    return is_allowed(denials, action, caller, context)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _is_of(statement: Mapping[str, Any], caller: str) -> bool:
    principal = statement.get("Principal")
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    kind = "AWS" if caller.isdigit() or caller == ANYBODY else "Service"
    named = [str(item) for item in _listed(principal.get(kind, []))]
    return "*" in named or (caller != ANYBODY and any(_names(item, caller) for item in named))


def _names(item: str, caller: str) -> bool:
    """An account is named by its number, or by any ARN of its own."""
    return item == caller or (item.startswith("arn:") and item.split(":")[4:5] == [caller])


def _is_about(statement: Mapping[str, Any], action: str) -> bool:
    patterns = _listed(statement.get("Action", statement.get("NotAction", [])))
    matches = any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns)
    return matches if "Action" in statement else not matches


def _holds(statement: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    return all(
        _is_met(operator, context.get(key.lower()), [str(item) for item in _listed(wanted)])
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _is_met(operator: str, value: str | None, wanted: list[str]) -> bool:
    """A condition whose key the call does not have is not met, unless it says IfExists; an operator that is not known never is."""
    plain = operator.removesuffix("IfExists")
    if value is None:
        return operator != plain
    match plain:
        case "StringEquals" | "ArnEquals":
            return value in wanted
        case "StringEqualsIgnoreCase" | "Bool":
            return value.lower() in [item.lower() for item in wanted]
        case "StringLike" | "ArnLike":
            return any(fnmatchcase(value, item) for item in wanted)
        case "StringNotEquals":
            return value not in wanted
    return False
