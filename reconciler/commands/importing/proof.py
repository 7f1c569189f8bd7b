"""What is to be written is believed only once it was read as any spec is, and planned against what was seen: such a plan takes the function
over, and does nothing else. What keeps it from that is left to others, and said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from reconciler.core.diff import pointer, steps_of
from reconciler.core.errors import SpecError
from reconciler.core.model import Origin, Snapshot, Spec, Target
from reconciler.core.packages import Artifact
from reconciler.core.plans import Action, Plan
from reconciler.core.sealing import canonical
from reconciler.files import strict_yaml
from reconciler.files.strict_yaml import Document
from reconciler.importing.drafts import Draft
from reconciler.kinds.configuration import CONFIGURATION
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.registry import KINDS, SECTION_NAMES
from reconciler.plan.case import Policy
from reconciler.plan.plan import plan
from reconciler.spec import load
from reconciler.spec.config import Config
from reconciler.spec.extending import Defaults
from reconciler.spec.references import Lookup, resolved

IGNORED_ONE_BY_ONE = ((CONFIGURATION.name,), ("tags",))
MOST_TURNS = 60  # a thing is left out in each


class Unproved(Exception):
    """Why no spec of a function leaves a plan empty."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What a draft is held against: reconcile.yaml, defaults, what was seen of AWS, the numbers of the accounts, and what references will
    stand for."""

    config: Config
    defaults: Defaults
    live: Snapshot
    numbers: Mapping[str, str]
    values: Mapping[Target, Mapping[Lookup, str]]


def proved(draft: Draft, witness: Witness, write: Callable[[Draft], str], path: str) -> tuple[Draft, str]:
    """The draft as far as a plan of it is empty, and its text. Raises Unproved."""
    for _ in range(MOST_TURNS):
        text = write(draft)
        document = _read_back(draft, text, path)
        try:
            better = _quieter(draft, document, witness)
        except SpecError as error:
            better = _without_fault(draft, error, document)
        if better is None:
            return draft, text
        draft = better
    raise Unproved("a plan of it does not become empty")


def _read_back(draft: Draft, text: str, path: str) -> Document:
    """Raises Unproved where the text says anything but the draft's document."""
    try:
        document = strict_yaml.parse(text, path)
    except SpecError as error:
        raise Unproved(f"no file can say it: {error.faults[0].message}") from error
    if canonical(document.value) != canonical(draft.document):
        raise Unproved("its file would say something else")
    return document


def _specs(document: Document, witness: Witness) -> list[Spec]:
    """The specs of the document with all references known. Raises SpecError."""
    targeted, faults = load.read_specs(document, witness.config, witness.defaults)
    if faults:
        raise SpecError(faults)
    return [
        resolved(spec, witness.numbers.get(spec.target.account, ""), witness.values.get(spec.target, {}))
        for whole, there in targeted
        for spec in load.expanded(whole, there, witness.config)
    ]


def _without_fault(draft: Draft, error: SpecError, document: Document) -> Draft:
    """Without what a rule says that no spec may have."""
    fault = error.faults[0]
    steps = _steps_at(fault.origin, document)
    if steps[:1] == ("ignore",) and len(steps) > 1:
        return draft.managing(int(steps[1]))
    one = steps[:2]
    if one[:1] in IGNORED_ONE_BY_ONE and len(one) > 1 and pointer(one) not in {left.path for left in draft.left}:
        return draft.leaving(one, fault.message)
    return _without_section(draft, steps, fault.message)


def _without_section(draft: Draft, steps: tuple[str, ...], reason: str) -> Draft:
    """Raises Unproved where it is no section that is at fault."""
    if not steps or steps[0] not in SECTION_NAMES or steps[0] not in draft.document:
        raise Unproved(reason)
    return draft.without(steps[0], reason)


def _steps_at(origin: Origin | None, document: Document) -> tuple[str, ...]:
    """What stands at a place; nothing where that is no place of a key or a value."""
    places = {
        (place.line, place.column): at for found in (document.origins, document.values) for at, place in found.items()
    }
    return steps_of(places.get((origin.line, origin.column), "")) if origin else ()


def _quieter(draft: Draft, document: Document, witness: Witness) -> Draft | None:
    """Without what a plan still shows or refuses; None where it does neither."""
    made = plan(_specs(document, witness), witness.live, Policy(witness.config.managed_by))
    refused = next(iter(made.refusals), None)
    for action, path in _shown(made):
        steps = steps_of(path)
        if action.verb == "replace":
            raise Unproved(refused.message if refused else f"a plan would replace {action.key}: {action.reason}")
        if steps[:1] in IGNORED_ONE_BY_ONE and path not in {left.path for left in draft.left}:
            return draft.ignoring(path, "a plan would change it")
        return _without_section(draft, steps, f"a plan would change {path or action.key}")
    return _without_section(draft, _steps_at(refused.origin, document), refused.message) if refused else None


def _shown(made: Plan) -> Iterator[tuple[Action, str]]:
    """What a plan would change, with where that stands in a spec."""
    for target in made.targets:
        for action in target.actions:
            if action.changes:
                yield from ((action, change.path) for change in action.changes)
            elif action.verb not in ("none", "adopt"):
                kind = KINDS[action.key.kind]
                yield action, pointer(kind.at(action.key.name)) if kind is not FUNCTION else ""


def require_quiet(text: str, path: str, witness: Witness) -> None:
    """That a plan of a file shows and refuses nothing. Raises Unproved."""
    try:
        made = plan(_specs(strict_yaml.parse(text, path), witness), witness.live, Policy(witness.config.managed_by))
    except SpecError as error:
        raise Unproved(error.faults[0].message) from error
    for note in made.refusals:
        raise Unproved(note.message)
    for action, at in _shown(made):
        raise Unproved(f"a plan would change {at or action.key}")


def code_seen(live: Snapshot, targets: Mapping[Target, str]) -> Snapshot:
    """The snapshot with the code of each of these known to be what lives."""
    return replace(
        live,
        artifacts={
            **live.artifacts,
            **{target: Artifact(sha256, "looked at by import") for target, sha256 in targets.items()},
        },
    )
