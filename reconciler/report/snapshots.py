"""Snapshots as JSON documents, and back. Pure; `journal` reads and writes their files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.grouping import by_target
from reconciler.core.later import Later
from reconciler.core.model import Executions, Key, Live, Room, Snapshot, Spec, Target
from reconciler.core.packages import Artifact
from reconciler.core.sealing import digest, sealed
from reconciler.core.values import Sealed, Unreadable
from reconciler.kinds.needs import hanging_on, needed, with_layers
from reconciler.kinds.registry import KINDS
from reconciler.kinds.retention import at_risk
from reconciler.kinds.version import VERSION
from reconciler.report.documents import UNREADABLE, plain
from reconciler.report.schemas import FORMAT_VERSION


def snapshot_document(snapshot: Snapshot, salt: str, specs: Iterable[Spec]) -> dict[str, Any]:
    """The snapshot as its JSON file has it, sealed with `salt`. What the specs said of the code is kept with each
    artifact: the hash holds only for that."""
    specs = tuple(specs)
    codes = {spec.target: spec.code for spec in specs}
    redacted = seal(snapshot, salt)
    return {
        "format_version": FORMAT_VERSION,
        "kind": "snapshot",
        "taken_at": snapshot.taken_at,
        "digest": str(snapshot_digest(snapshot)),
        "salt": salt,
        "accounts": dict(sorted(snapshot.accounts.items())),
        "resources": [_resource(item) for item in sorted(redacted.resources, key=lambda item: item.key)],
        "scope": _scope_document(snapshot, specs),
        **({"unlisted": dict(sorted(snapshot.unlisted.items()))} if snapshot.unlisted else {}),
        "functions": _functions_document(snapshot),
        **({"rooms": _rooms_document(snapshot)} if snapshot.rooms else {}),
        **({"executions": _executions_document(snapshot)} if snapshot.executions else {}),
        "artifacts": [
            {
                "address": str(target), "code": dict(codes.get(target, {})), "sha256": artifact.sha256,
                "source": artifact.source, "version": artifact.version, "problem": artifact.problem, "etag": artifact.etag,
                "size": artifact.size,
            }
            for target, artifact in sorted(snapshot.artifacts.items())
        ],
    }  # fmt: skip


def _scope_document(snapshot: Snapshot, specs: Iterable[Spec]) -> list[dict[str, Any]]:
    """What was read of which target; nothing, and why, where it could not be."""
    held = by_target(snapshot.resources)
    hanging = {
        spec.target: hanging_on(at_risk(spec, held.get(spec.target, ()), snapshot.taken_at))
        for spec in specs
        if not snapshot.invoked.get(spec.target)
    }
    read = [
        {
            "address": str(spec.target),
            "kinds": sorted(needed(spec) | hanging.get(spec.target, frozenset())),
            **({"unseen": snapshot.invoked[spec.target]} if snapshot.invoked.get(spec.target) else {}),
        }
        for spec in with_layers(specs)
        if spec.target not in snapshot.unread
    ]
    return read + [
        {"address": str(target), "kinds": [], "problem": problem} for target, problem in sorted(snapshot.unread.items())
    ]


def _functions_document(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The names of all functions of each place, or why they could not be listed."""
    listed = [{"place": place, "names": sorted(names)} for place, names in sorted(snapshot.functions.items())]
    return listed + [{"place": place, "problem": problem} for place, problem in sorted(snapshot.unnamed.items())]


def _rooms_document(snapshot: Snapshot) -> list[dict[str, Any]]:
    """What the functions of each place may still reserve, or why that could not be told."""
    return [
        {"place": place, "problem": room.problem}
        if room.problem
        else {
            "place": place,
            "limit": room.limit,
            "unreserved": room.unreserved,
            "stored": room.stored,
            "storable": room.storable,
        }
        for place, room in sorted(snapshot.rooms.items())
    ]


def _executions_document(snapshot: Snapshot) -> list[dict[str, Any]]:
    """What is under way in which version, or why that could not be told."""
    return [
        {"address": str(key.target), "version": key.name}
        | ({"problem": held.problem} if held.problem else {"running": held.is_running})
        for key, held in sorted(snapshot.executions.items())
    ]


def seal(snapshot: Snapshot, salt: str) -> Snapshot:
    """The snapshot with fingerprints in place of sensitive values; already sealed ones stay as they are."""
    resources = tuple(
        replace(item, properties=sealed(item.properties, KINDS[item.key.kind].is_sensitive, salt))
        for item in snapshot.resources
    )
    return replace(snapshot, resources=resources, salt=salt)


def snapshot_digest(snapshot: Snapshot) -> Later:
    """Of what was held, without times, salt and sensitive values."""

    def worked_out() -> str:
        hidden = seal(snapshot, "digest") if not snapshot.salt else snapshot
        held = sorted(hidden.resources, key=lambda item: item.key)
        return digest([[str(item.key), plain(item.properties)] for item in held])

    return Later(worked_out)


def _resource(item: Live) -> dict[str, Any]:
    properties = {key: _stored(value) for key, value in item.properties.items()}
    handle = {key: plain(value) for key, value in item.handle.items()}
    return {
        "address": str(item.key.target),
        "kind": item.key.kind,
        "name": item.key.name,
        "properties": properties,
        "handle": handle,
    }


def _stored(value: Any) -> Any:
    """A property as the file keeps it: fingerprints stay, marked so that they are read back as such."""
    match value:
        case Sealed():
            return str(value)
        case Mapping():
            return {key: _stored(item) for key, item in value.items()}
        case list() | tuple():
            return [_stored(item) for item in value]
        case _:
            return plain(value)


def snapshot_from(document: Mapping[str, Any], specs: Iterable[Spec]) -> Snapshot:
    """The snapshot that a valid document says. An artifact whose code the spec now names differently is unknown."""
    codes = {str(spec.target): dict(spec.code) for spec in specs}
    artifacts = {
        target_of(item["address"]): Artifact(
            item["sha256"],
            item["source"],
            item["version"],
            item["problem"],
            item.get("etag", ""),
            size=item.get("size", 0),
        )
        if codes.get(item["address"]) == item["code"]
        else Artifact("", "the snapshot knows other code than the spec now names")
        for item in document["artifacts"]
    }
    known = set(artifacts)
    missing = {
        target_of(address): Artifact("", "the snapshot was taken before the spec named code")
        for address, code in codes.items()
        if code and target_of(address) not in known
    }
    return Snapshot(
        resources=tuple(_live(item) for item in document["resources"]),
        taken_at=document["taken_at"],
        accounts=document["accounts"],
        artifacts=missing | artifacts,
        salt=document["salt"],
        scope=_scope(document.get("scope")),
        invoked={target_of(item["address"]): item["unseen"] for item in document.get("scope", ()) if "unseen" in item},
        unread={target_of(item["address"]): item["problem"] for item in document.get("scope", ()) if "problem" in item},
        unlisted=document.get("unlisted", {}),
        functions={
            item["place"]: frozenset(item["names"]) for item in document.get("functions", ()) if "names" in item
        },
        unnamed={item["place"]: item["problem"] for item in document.get("functions", ()) if "problem" in item},
        rooms={
            item["place"]: Room(**{name: value for name, value in item.items() if name != "place"})
            for item in document.get("rooms", ())
        },
        executions={
            Key(target_of(item["address"]), VERSION.name, item["version"]): Executions(
                item.get("running", False), item.get("problem", "")
            )
            for item in document.get("executions", ())
        },
    )


def _scope(read: list[Mapping[str, Any]] | None) -> dict[Target, frozenset[str]] | None:
    return None if read is None else {target_of(item["address"]): frozenset(item["kinds"]) for item in read}


def target_of(address: str) -> Target:
    account, region, *root, name = address.split("/", 3)
    return Target(account, region, name, *root)


def _live(item: Mapping[str, Any]) -> Live:
    kind = KINDS[item["kind"]]
    key = Key(target_of(item["address"]), item["kind"], item["name"])
    return Live(key, _reopened(item["properties"], (), kind.is_sensitive), item["handle"])


def _reopened(value: Any, steps: tuple[str, ...], is_sensitive: Any) -> Any:
    if isinstance(value, Mapping):
        hidden = value.get(UNREADABLE)
        if isinstance(hidden, Mapping) and len(value) == 1:
            return Unreadable(str(hidden.get("reason", "")))
        return {key: _reopened(item, (*steps, key), is_sensitive) for key, item in value.items()}
    return Sealed(value) if isinstance(value, str) and is_sensitive(steps) else value
