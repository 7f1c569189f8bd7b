"""Which version an alias goes back to when somebody asks for it at once, and the spec that says so. Pure.

What there was before is told by whoever reads records; without one the next lower number stands for it, and that is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler.core.diff import pointer
from reconciler.core.errors import UnsafePlan
from reconciler.core.finding import Rule
from reconciler.core.model import Desired, Key, Live, Properties, Spec
from reconciler.kinds.alias import ALIAS, weights
from reconciler.kinds.version import VERSION, newest_number

GOES_BACK = Rule("R251", "A rollback moves an alias that is there to a version that is there.")


def destination(alias: Key, live: Collection[Live], asked: str, before: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """The version to go to, and why. `before` has versions that the alias was on alone, the last one first, each with the run that
    tells it. Raises UnsafePlan where the alias, or such a version, is not there."""
    properties = _properties(alias, live)
    held = {item.key.name for item in live if item.key.kind == VERSION.name}
    if asked:
        if asked not in held:
            known = ", ".join(sorted(held, key=int)) or "none"
            raise UnsafePlan(GOES_BACK.ends(f"{alias}: version {asked} does not exist; the function has {known}"))
        return asked, "as asked"
    main, others = str(properties["FunctionVersion"]), weights(properties)
    for version, run in before:
        if version in held and (others or version != main):
            return version, f"which had all of its traffic before (run {run})"
    if others:
        return min({main, *others}, key=int), "the older one of the two that share its traffic"
    lower = [version for version in held if main.isdigit() and int(version) < int(main)]
    if not lower:
        message = f"{alias} is on version {main}, and there is none below; name one with --to"
        raise UnsafePlan(GOES_BACK.ends(message))
    return max(lower, key=int), f"the next one below {main}, for no report tells what it was on before"


def is_said(spec: Spec | None, alias: Key, live: Collection[Live], version: str) -> bool | None:
    """Whether a spec says of an alias what it is once it has gone back; None where none owns it. `published` is the newest version."""
    if spec is None or ALIAS.section not in spec.sections:
        return None
    item = next((item for item in spec.desired if item.key == alias), None)
    newest = newest_number(live)
    said = ALIAS.normal(ALIAS.resolved(item.properties, str(newest)), "") if item else {}
    return said.get("FunctionVersion") == version and not weights(said)


def gone_back(alias: Key, live: Collection[Live], version: str) -> Spec:
    """What must be said of a function's aliases, so that one goes back and nothing else moves."""
    moved = {"FunctionVersion": version, "RoutingConfig": {"AdditionalVersionWeights": {}}}
    desired = tuple(
        Desired(item.key, {**item.properties, **(moved if item.key == alias else {})})
        for item in live
        if item.key.kind == ALIAS.name
    )
    others = tuple(pointer(ALIAS.at(item.key.name)) for item in desired if item.key != alias)
    return Spec(alias.target, "", desired, frozenset({ALIAS.section}), ignore=others)


def _properties(alias: Key, live: Iterable[Live]) -> Properties:
    aliases = {item.key: item.properties for item in live if item.key.kind == ALIAS.name}
    if alias not in aliases:
        known = ", ".join(sorted(key.name for key in aliases)) or "none"
        raise UnsafePlan(GOES_BACK.ends(f"{alias} does not exist; the function has {known}"))
    return aliases[alias]
