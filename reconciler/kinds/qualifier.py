"""What is had by qualifier: an alias's, a version's, or the function's own, which specs call $LATEST and calls name by no qualifier."""

from __future__ import annotations

from reconciler.core.model import Properties
from reconciler.kinds.base import LATEST


def qualifier(name: str, _: Properties) -> str:
    """The qualifier that a resource of this name is for; empty for the function itself."""
    return "" if name == LATEST else name


def which(function: str, name: str) -> dict[str, str]:
    """The params that say which one a call is about."""
    return {"FunctionName": function} | ({"Qualifier": name} if name not in ("", LATEST) else {})


def qualifier_of(answer: Properties) -> str:
    """The qualifier in an answer's function ARN; empty for the function itself."""
    return next(iter(str(answer.get("FunctionArn", "")).split(":")[7:8]), "")
