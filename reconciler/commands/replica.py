"""What a saved snapshot holds, put into the sandbox, so that a plan there is the plan that the snapshot gives.

Of a sensitive value a snapshot has a fingerprint: where a spec says the value that it is of, that stands in its place, and of a
reference what the sandbox holds for it. Any other stays a fingerprint, which differs from all that a spec can say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reconciler.commands.standing_in import values
from reconciler.commands.workspaces import Workspace
from reconciler.core import service
from reconciler.core.accounts import with_whole_arns
from reconciler.core.diff import steps_of, value_at
from reconciler.core.model import Live, Snapshot, Spec, Target
from reconciler.core.sealing import fingerprint, sensitive_texts
from reconciler.core.values import Sealed, Unreadable
from reconciler.kinds.base import Step
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.layer import LAYER
from reconciler.kinds.layer_version import LAYER_VERSION
from reconciler.kinds.registry import KINDS, RANKS
from reconciler.kinds.version import VERSION
from reconciler.spec.references import resolved

if TYPE_CHECKING:
    from reconciler.sandbox import Sandbox, Seen, SeenLayer, Spot


@dataclass(frozen=True, slots=True)
class Held:
    """What there is to be put in: the snapshot with its values opened, and the number of each account."""

    resources: tuple[Live, ...]
    numbers: Mapping[str, str]

    def spots(self) -> list[Spot]:
        """What the resources name, for the sandbox to be stocked with."""
        from reconciler.sandbox import Spot

        return [
            Spot(self.numbers[item.key.target.account], item.key.target.region, {"held": dict(item.properties)})
            for item in self.resources
        ]

    def layers(self) -> Iterator[tuple[str, str, SeenLayer]]:
        """Account, region and what was seen of each layer: its newest version, and the numbers of older ones where those were read."""
        from reconciler.sandbox import SeenLayer

        own = [item for item in self.resources if KINDS[item.key.kind].of == LAYER.name]
        for place, name in sorted({(item.key.target.place, item.key.target.name) for item in own}):
            items = [item for item in own if (item.key.target.place, item.key.target.name) == (place, name)]
            numbers = [int(item.key.name) for item in items if item.key.kind == LAYER_VERSION.name]
            newest = next((item for item in items if item.key.kind == LAYER.name), None)
            account, region = self.numbers[items[0].key.target.account], items[0].key.target.region
            if newest is None:
                yield account, region, SeenLayer(name, max(numbers), numbers=numbers)
                continue
            facts, code = newest.handle, newest.properties["code"]
            yield account, region, SeenLayer(
                name, int(facts["Version"]), newest.properties["configuration"], str(code.get("CodeSha256", "")),
                facts.get("ResolvedS3Object"), numbers,
            )  # fmt: skip

    def put_into(self, sandbox: Sandbox) -> Iterator[str]:
        """Put all of it in; what cannot be is told, and why."""
        from reconciler.sandbox import place_layer

        for account, region, layer in self.layers():
            place_layer(sandbox, account, region, layer)
        for target in sorted({item.key.target for item in self.resources if item.key.target.root == FUNCTION.name}):
            of_target = [item for item in self.resources if item.key.target == target]
            number = self.numbers[target.account]
            if any(item.key.kind == FUNCTION.name for item in of_target):
                _place(sandbox, number, target, of_target)
            yield from _make(sandbox, number, target, of_target)


def held(workspace: Workspace, snapshot: Snapshot, numbers: Mapping[str, str]) -> Held:
    known = {spec.target: texts(spec, snapshot, numbers) for spec in with_stand_ins(workspace, numbers)}
    resources = tuple(
        replace(item, properties=opened(item.properties, known.get(item.key.target, {})))
        for item in snapshot.resources
        if item.key.target.account in numbers
    )
    return Held(resources, numbers)


# --- what fingerprints stand for -------------------------------------------------------------------------------------


def with_stand_ins(workspace: Workspace, numbers: Mapping[str, str]) -> list[Spec]:
    """The specs with what the sandbox holds in the place of their references."""
    stand_ins = values(workspace.written)
    return [
        resolved(spec, numbers[spec.target.account], stand_ins.get((spec.target.account, spec.target.region), {}))
        for spec in workspace.written
    ]


def texts(spec: Spec, snapshot: Snapshot, numbers: Mapping[str, str]) -> dict[str, str]:
    """By their fingerprints in the snapshot, the texts that a spec says, or that stand in for what it refers to."""
    known = {
        str(fingerprint(text, snapshot.salt)): text
        for item in spec.desired
        for text in sensitive_texts(item.properties, KINDS[item.key.kind].is_sensitive)
    }
    said = next((item for item in spec.desired if item.key.kind == FUNCTION.name), None)
    live = next((item for item in snapshot.resources if said and item.key == said.key), None)
    for at in said.references if said and live else ():
        sealed, text = (value_at(side.properties, steps_of(at)) for side in (live, said) if side)
        if isinstance(sealed, Sealed) and isinstance(text, str):
            known[str(sealed)] = text
    return known


def opened(value: Any, known: Mapping[str, str]) -> Any:
    """A value with texts instead of fingerprints; what AWS did not show is left out."""
    match value:
        case Mapping():
            return {key: opened(item, known) for key, item in value.items() if not isinstance(item, Unreadable)}
        case list() | tuple():
            return [opened(item, known) for item in value]
        case Sealed():
            return known.get(str(value), str(value))
    return value


# --- putting it in ---------------------------------------------------------------------------------------------------


def _place(sandbox: Sandbox, number: str, target: Target, of_target: Iterable[Live]) -> None:
    from reconciler.sandbox import SeenFunction, place

    function = next(item for item in of_target if item.key.kind == FUNCTION.name)
    versions = [_seen(item, function) for item in of_target if item.key.kind == VERSION.name]
    tags = function.handle.get("Tags", {})
    place(sandbox, number, target.region, SeenFunction(target.function, _seen(function, function), versions, tags))


def _seen(item: Live, function: Live) -> Seen:
    from reconciler.sandbox import Seen

    code, handle = item.properties.get("code", {}), function.handle
    members = {name: value for name, value in item.properties["configuration"].items() if value is not None}
    return Seen(
        item.key.name or "$LATEST",
        members,
        str(code.get("CodeSha256", "")),
        image=str(handle.get("ImageUri", "")) if members.get("PackageType") == "Image" else "",
        kms_key=str(code.get("SourceKMSKeyArn") or ""),
        source=handle.get("ResolvedS3Object") if item is function else None,
    )


def _make(sandbox: Sandbox, number: str, target: Target, of_target: Iterable[Live]) -> Iterator[str]:
    """What hangs on a function, in the order in which an apply would make it."""
    from reconciler.sandbox import Refused, call_mapping

    steps = [
        (RANKS[f"{item.key.kind}/{step.operation}"], item, step)
        for item in of_target
        if item.key.kind not in (FUNCTION.name, VERSION.name)
        for step in _creation(item)
    ]
    for _, item, step in sorted(steps, key=lambda made: made[0]):
        kind = KINDS[item.key.kind]
        try:
            api = service.api_of(step.operation)
            params = with_whole_arns(step.params, target.region, number)
            answer = sandbox.gate.carry_out(api, step.operation, params, number, target.region)
        except Refused as refused:
            yield f"{target}: {kind.word} {item.key.name} is not in the sandbox: {refused.message or refused.code}"
            continue
        if kind.named_by and kind.named_by in answer:
            call_mapping(sandbox, number, target.region, answer[kind.named_by], item.key.name)


def _creation(item: Live) -> list[Step]:
    kind = KINDS[item.key.kind]
    if kind.undeletable(item):
        return []
    return kind.create(item.key.target.function, item.key.name, item.properties)
