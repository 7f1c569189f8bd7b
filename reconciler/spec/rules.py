"""Rules that JSON Schema cannot say, over one spec document. Pure; each rule yields what it finds, with its place.

The rules of a kind stand with it; here are those about the spec as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.finding import Finding, Rule, SpecCheck, named, part
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.kinds.needs import INVOKING
from reconciler.kinds.registry import KINDS
from reconciler.spec import ignored
from reconciler.spec.layers import root_of
from reconciler.spec.stray import stray_references


def findings(spec: Any) -> list[Finding]:
    """What is wrong."""
    return [finding for rule in RULES[root_of(spec)] for finding in rule(spec)] if isinstance(spec, dict) else []


def first_findings(spec: Any) -> list[Finding]:
    """What is told before anything that a schema has to say of the same places."""
    return [finding for rule in FIRST for finding in rule(spec)] if isinstance(spec, dict) else []


@Rule("R014", "A spec names its regions in one way: `region` or `regions`.")
def names_its_regions_once(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if "region" in spec and "regions" in spec:
        yield Finding("/regions", "write region or regions, not both", is_key=True)


@Rule("R064", "Where a spec owns its aliases, what is for an alias is for one of them.")
def invokes_a_declared_alias(spec: Mapping[str, Any]) -> Iterator[Finding]:
    """A section that is owned has all of its entries, so an alias that it does not name will not be there."""
    declared = part(spec, "aliases")
    for kind in INVOKING if isinstance(spec.get("aliases"), dict) else ():
        for at, name, entry in named(spec, kind.section):
            alias = kind.qualifier(name, entry) if kind.qualifier else ""
            if alias.strip() and not alias.isdigit() and alias not in declared:
                choice = ", ".join(declared) or "none"
                message = f"{kind.word} {name} is for alias {alias}, which aliases does not declare; declared: {choice}"
                is_member = "alias" in entry and "alias" in kind.sections[0].own
                yield Finding(f"{at}/alias" if is_member else at, message, is_key=not is_member)


@Rule(
    "R016",
    "A reference in an environment value is one that is known: ssm, secret, account, region, function or partition.",
)
def refers_only_to_what_is_known(spec: Mapping[str, Any]) -> Iterator[Finding]:
    variables = part(spec, "configuration", "Environment", "Variables")
    suspects = {
        name: value for name, value in variables.items() if isinstance(value, str) and ("{{" in value or "{%" in value)
    }
    if not suspects:
        return
    from reconciler.spec import references  # Jinja2 is needed only where there is a reference

    for name, value in suspects.items():
        at = f"/configuration/Environment/Variables/{escaped(name)}"
        try:
            parts = references.parsed(value)
        except references.BadReference as error:
            yield Finding(at, f"the value of {name} {error}")
            continue
        if any(isinstance(part, references.Layer) for part in parts):
            yield Finding(
                at, f"the value of {name} refers to a layer, which is no text; allowed are {references.ALLOWED}"
            )


@Rule(
    "R017",
    "A reference stands where it is filled in: in texts what the target tells, in environment values ssm and secret, too.",
)
def refers_only_where_references_are_read(spec: Mapping[str, Any]) -> Iterator[Finding]:
    for at, message, is_key in stray_references(spec):
        yield Finding(at, message, is_key)


@Rule("R094", "A file is of a function or of a layer.")
def is_of_one_thing(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if {FUNCTION.name, LAYER.name} <= set(spec):
        yield Finding(
            "/layer", "a file is of a function or of a layer; put the layer into a file of its own", is_key=True
        )


FIRST: tuple[SpecCheck, ...] = (
    is_of_one_thing,
    refers_only_to_what_is_known,
    refers_only_where_references_are_read,
)
# By what a spec is of.
RULES: Mapping[str, tuple[SpecCheck, ...]] = {
    FUNCTION.name: (
        names_its_regions_once,
        *(rule for kind in KINDS.values() if kind.of == FUNCTION.name for rule in kind.rules),
        invokes_a_declared_alias,
        *ignored.RULES,
    ),
    LAYER.name: (names_its_regions_once, *LAYER.rules),
}
