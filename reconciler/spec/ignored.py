"""Rules over `ignore`: a path that begins nowhere or can never match would not be missed by anybody. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.diff import escaped, is_named, steps_of
from reconciler.core.finding import Finding, Rule
from reconciler.files.validation import close_match, load_schema
from reconciler.kinds.base import Kind
from reconciler.kinds.registry import KINDS, NAMED_SECTIONS, SECTION_NAMES

IGNORABLE = tuple(name for name in SECTION_NAMES if name != "versions")  # those are only ever named to be deleted
NO_CODE = "code compares as a whole, by its hash; write /code to leave it to somebody else"
SOURCE_OF_CODE = ("path", "sha256", "ImageUri", "S3Bucket", "S3Key", "S3ObjectVersion")


def written(spec: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Of each ignored path where it stands, its text and its steps; what is no JSON Pointer is the schema's to tell."""
    pointers = spec.get("ignore")
    for index, pointer in enumerate(pointers if isinstance(pointers, list) else ()):
        if isinstance(pointer, str) and pointer.startswith("/"):
            yield f"/ignore/{index}", pointer, steps_of(pointer)


@Rule("R018", "An ignored path begins with a section of the spec.")
def ignores_what_a_spec_has(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, _, steps in written(spec):
        if steps[0] not in IGNORABLE:
            yield Finding(at, f"an ignored path begins with one of {', '.join('/' + name for name in IGNORABLE)}")


@Rule("R019", "An ignored path can match something, or nobody would miss it.")
def ignores_what_can_match(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, pointer, steps in written(spec):
        if steps[0] in load_schema("function")["properties"] and steps[0] != "ignore":
            wrong = unmatched(steps, spec)
            if wrong:
                yield Finding(at, f"{pointer} can never match: {wrong}")


def unmatched(steps: tuple[str, ...], spec: Mapping[str, Any]) -> str:
    """Why nothing can ever stand at these steps of a spec; empty when something can."""
    section, *rest = steps
    schema = load_schema("function")["properties"][section]
    if section == "code" and rest and rest[0] in SOURCE_OF_CODE:
        return NO_CODE
    kind = KINDS[NAMED_SECTIONS[section]] if section in NAMED_SECTIONS else None
    if kind and not kind.is_single and rest:
        wrong = _of_no_entry(kind, rest, spec.get(section))
        if wrong:
            return wrong
    return _below(schema, rest, f"/{section}")


def _of_no_entry(kind: Kind, rest: list[str], declared: Any) -> str:
    """A member that says which resource an entry is; or a name that the section does not have: whole, it may be somebody
    else's; below it there is nothing to compare."""
    names, below, section = rest[: kind.levels], rest[kind.levels :], kind.sections[0]
    if below and below[0] in section.which:
        return f"{below[0]} says which {kind.word} it is; another one is another {kind.word}"
    for number, name in enumerate(names, start=1):
        if not isinstance(declared, dict) or "*" in name:
            return ""
        if name not in declared:
            is_somebodys = number == kind.levels and not below and re.fullmatch(section.foreign_name, name)
            where = ".".join((kind.section, *names[: number - 1]))
            return "" if is_somebodys else f"{where} has no {name}{close_match(name, declared)}"
        declared = declared[name]
    return ""


def _below(schema: Mapping[str, Any], steps: list[str], at: str) -> str:
    """Walk the schema; any one of the members that `*` stands for is enough."""
    if not steps:
        return ""
    first, *rest = steps
    known = {name: inner for name, inner in schema.get("properties", {}).items() if not inner.get("readOnly")}
    others = schema.get("additionalProperties")
    if "items" in schema or schema.get("type") == "array":
        return f"{at} is a list, which is one value; write {at} to leave it to somebody else"
    if not known and not isinstance(others, dict):
        return f"{at} is a single value and has nothing below it"
    if "*" in first:
        inner = [item for name, item in known.items() if is_named(first, name)]
        wrong = [
            _below(item, rest, f"{at}/{first}") for item in (*([others] if isinstance(others, dict) else []), *inner)
        ]
        return "" if "" in wrong else next(iter(wrong), f"{at} has nothing like {first}")
    if first in known:
        if known[first].get("x-ours"):
            return f"{first} is nothing that AWS holds, so it is never compared"
        return _below(known[first], rest, f"{at}/{first}")
    if isinstance(others, dict):
        return _below(others, rest, f"{at}/{escaped(first)}")
    if first in schema.get("properties", {}):
        return f"{first} is AWS's answer, not a setting"
    folded = {name.lower(): name for name in known}
    hint = f"; did you mean {folded[first.lower()]}?" if first.lower() in folded else close_match(first, known)
    return f"{at} has no {first}{hint if len(hint) < 200 else ''}"


RULES = (ignores_what_a_spec_has, ignores_what_can_match)
