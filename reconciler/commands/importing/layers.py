"""Layers that imported functions have and that are the account's own. With --download one whose newest version is used gets a file of its own,
and functions refer to it; any other stays by the ARN of its version, and that is said."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import lexists
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.commands import wiring
from reconciler.commands.importing.code import stored
from reconciler.commands.importing.made import Import
from reconciler.commands.importing.proof import Unproved, Witness, code_seen, require_quiet
from reconciler.core.errors import AwsError, SnapshotError
from reconciler.core.model import Live, Snapshot, Spec, Target
from reconciler.core.place import Place
from reconciler.core.words import many
from reconciler.files.splicing import block
from reconciler.importing.texts import comment
from reconciler.kinds.layer import LAYER

if TYPE_CHECKING:
    from reconciler.aws.client import Aws

ARN = re.compile(r"arn:[a-z-]+:lambda:([a-z0-9-]+):([0-9]{12}):layer:([a-zA-Z0-9-_]+):[0-9]+")
FOLDER = "layers"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of layers: where files and packages go, and which layers have a spec already."""

    output: Path
    download: Path | None
    described: Collection[Target]
    warn: Callable[[str], None]


def used(held: Mapping[Target, Sequence[Live]], numbers: Mapping[str, str]) -> dict[Target, dict[str, int]]:
    """Layer -> the ARNs of its versions that functions of its own place have, with how many do."""
    found: dict[Target, dict[str, int]] = {}
    for target, lives in held.items():
        function = next(item for item in lives if item.key.kind == target.root)
        layers = function.properties["configuration"].get("Layers") or ()
        for arn in filter(None, map(ARN.fullmatch, layers if isinstance(layers, list | tuple) else ())):
            if (arn[1], arn[2]) == (target.region, numbers.get(target.account)):
                versions = found.setdefault(Target(target.account, target.region, arn[3], LAYER.name), {})
                versions[arn[0]] = versions.get(arn[0], 0) + 1
    return found


def with_layers(
    made: Import, aws: Aws, witness: Witness, found: Mapping[Target, Mapping[str, int]], wanted: Wanted
) -> tuple[Witness, dict[str, str]]:
    """The witness of layers as well, and how functions refer to them: ARN of a version -> what a spec says for it."""
    sought = [target for target in sorted(found) if wanted.download or target in wanted.described]
    newest = _newest(made, aws, sought) if sought else {}
    known = {target: item for target, item in newest.items() if item.handle["LayerVersionArn"] in found[target]}
    hashes = {target: item.properties["code"]["CodeSha256"] for target, item in known.items()}
    hashes = {target: sha256 for target, sha256 in hashes.items() if isinstance(sha256, str)}
    resources = (*witness.live.resources, *known.values())
    witness = replace(witness, live=code_seen(replace(witness.live, resources=resources), hashes))
    references = {}
    for target in hashes:
        if target in wanted.described or _written(made, aws, witness, known[target], wanted):
            references[known[target].handle["LayerVersionArn"]] = f"{{{{ layer('{target.name}') }}}}"
    made.remarks += _by_arn(found, references)
    return witness, references


def _newest(made: Import, aws: Aws, layers: Sequence[Target]) -> dict[Target, Live]:
    from reconciler.snapshot.fetch import fetch

    bare = [Spec(target, "", (), frozenset()) for target in layers]
    try:
        live: Snapshot = fetch(aws, bare, taken_at=wiring.now(), kinds=frozenset({LAYER.name}))
    except SnapshotError as error:
        made.remarks.append(str(error))
        return {}
    made.remarks += live.unread.values()
    return {item.key.target: item for item in live.resources}


def _written(made: Import, aws: Aws, witness: Witness, layer: Live, wanted: Wanted) -> bool:
    """Whether there is a file of it now, or why there is none."""
    target = layer.key.target
    several = {name: len({getattr(one, name) for one in witness.live.artifacts}) > 1 for name in ("account", "region")}
    folder = wanted.output.joinpath(FOLDER, *(getattr(target, name) for name in several if several[name]))
    path = folder / f"{target.name}.yaml"
    if lexists(path):
        wanted.warn(f"layer {target} gets no file: {path} is there, and no file is changed")
        return False
    try:
        package = _package(aws, layer, wanted)
        text = _text(layer, Path(os.path.relpath(package, folder)).as_posix(), witness)
        require_quiet(text, str(path), witness)
    except (Unproved, AwsError, OSError) as failure:
        wanted.warn(f"layer {target} gets no file: {failure}")
        return False
    made.layers[str(path)] = (target, text)
    return True


def _package(aws: Aws, layer: Live, wanted: Wanted) -> Path:
    """Its content in a file, downloaded unless it is there. Raises AwsError, OSError."""

    assert wanted.download
    target, sha256 = layer.key.target, layer.properties["code"]["CodeSha256"]
    arn = layer.handle["LayerVersionArn"]
    content = aws.call(Place.of(target), "GetLayerVersionByArn", {"Arn": arn}).result.get("Content", {})
    url, size = str(content.get("Location", "")), int(content.get("CodeSize", 0))
    return stored(aws, (target, sha256, size), lambda: url, wanted.download / f"{LAYER.name}-{target.name}")


def _text(layer: Live, path: str, witness: Witness) -> str:
    target = layer.key.target
    what = f"{target.name}, as AWS held it on {witness.live.taken_at[:10]}; imported from {layer.handle['LayerVersionArn']}"
    members: dict[str, Any] = {name: said for name, said in layer.properties["configuration"].items() if said}
    said = {"layer": target.name, "account": target.account, "region": target.region, "code": {"path": path}}
    said |= {"configuration": members} if members else {}
    lines = [*comment(what), *(line for name, value in said.items() for line in block(name, value, 0))]
    return "".join(f"{line}\n" for line in lines)


def _by_arn(found: Mapping[Target, Mapping[str, int]], references: Collection[str]) -> Iterator[str]:
    """What stays by its ARN, for another place has no such version."""
    for target, versions in sorted(found.items()):
        for arn, count in sorted(versions.items()):
            if arn not in references:
                number = arn.rpartition(":")[2]
                yield (
                    f"version {number} of layer {target} stays by its ARN in {many(count, 'function')}; another place needs a version of "
                    "that number, and with --download a layer whose newest version is used has a file of its own"
                )
