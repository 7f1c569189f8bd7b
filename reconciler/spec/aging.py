"""What a spec names that ages: runtimes, judged on a day that the caller says. Pure, for one document and one day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from reconciler.core.finding import Rule, part
from reconciler.core.plans import Diagnostic
from reconciler.files.strict_yaml import Document
from reconciler.files.validation import load_schema
from reconciler.kinds.runtimes import PAGE, PUBLISHED_ON, RUNTIMES, Life

IS_SUPPORTED = Rule("W003", "A function runs by a runtime that AWS still supports.", PAGE)
IS_KNOWN = Rule("W004", "A runtime is one that this release knows; of a newer one AWS decides.", PAGE)
AT = "/configuration/Runtime"


def runtime_warnings(documents: Iterable[Document], day: str) -> Iterator[Diagnostic]:
    """Of valid specs, what is worth saying about their runtimes on a day, written as 2026-01-31."""
    for document in documents:
        name = part(document.value, "configuration").get("Runtime")
        if not isinstance(name, str) or document.value.get("state") == "absent":
            continue
        life = RUNTIMES.get(name, Life())
        if life.deprecation and life.deprecation <= day:
            yield IS_SUPPORTED.cited(Diagnostic("warning", deprecated(name, life, day), origin=document.at(AT)))
        elif name not in known():
            yield IS_KNOWN.cited(Diagnostic("warning", unknown(name), origin=document.at(AT)))


def known() -> list[str]:
    """The runtimes of botocore's model, as the schema shows them to editors."""
    names: list[str] = load_schema("function")["properties"]["configuration"]["properties"]["Runtime"]["examples"]
    return names


def deprecated(name: str, life: Life, day: str) -> str:
    blocks = [
        f"{what} {'since' if date <= day else 'from'} {date}"
        for what, date in (("creating", life.create_block), ("updating", life.update_block))
        if date
    ]
    blocked = f"; AWS blocks {' and '.join(blocks)} (as published on {PUBLISHED_ON})" if blocks else ""
    return f"{name} is deprecated since {life.deprecation}{blocked}" + (
        f"; move to {life.successor}" if life.successor else ""
    )


def unknown(name: str) -> str:
    close = get_close_matches(name, known(), n=1, cutoff=0.75)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"this release does not know the runtime {name}: AWS decides when the function is created or updated{hint}"
