"""The versions of a function: what each is, who uses it, and of which commit it was published. Pure: what AWS holds, what git says and
reports of earlier runs go in, a document comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.model import Live, Spec, Target
from reconciler.kinds.alias import ALIAS, weights
from reconciler.kinds.base import LATEST
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.needs import INVOKING
from reconciler.kinds.version import VERSION
from reconciler.report.documents import source_document
from reconciler.report.schemas import FORMAT_VERSION

PUBLISHING = ("PublishVersion", "CreateFunction")


@dataclass(frozen=True, slots=True)
class Publication:
    """When a version was published, of which code, by which run, out of which commit; that is empty where the tree was not clean."""

    version: str
    at: str
    sha256: str
    run: str
    commit: str


def publications(reports: Iterable[Mapping[str, Any]], target: Target) -> Iterator[Publication]:
    """What reports tell, as far back as to the function's last deletion: whose numbers are older, are another function's. The
    newest report comes first."""
    for report in reports:
        for task in (task for task in reversed(report["tasks"]) if task["target"] == str(target)):
            done = [item for item in task["operations"] if item["outcome"] == "succeeded"]
            for item, result in zip(done, task["resultObjects"], strict=False):
                if item["operation"] in PUBLISHING and str(result.get("version", "")).isdigit():
                    yield _publication(report, item, result)
            if any(item["operation"] == "DeleteFunction" and item.get("address") == str(target) for item in done):
                return


def _publication(report: Mapping[str, Any], item: Mapping[str, Any], result: Mapping[str, Any]) -> Publication:
    provenance = report["provenance"]
    commit = "" if provenance["dirty"] else str(provenance["commit"] or "")
    return Publication(
        result["version"], str(item["started_at"]), str(result.get("codeSha256", "")), report["run"]["id"], commit
    )


def shares(resources: Iterable[Live]) -> dict[str, dict[str, float]]:
    """Alias -> version -> its share of the traffic."""
    found = {}
    for item in (item for item in resources if item.key.kind == ALIAS.name):
        others = weights(item.properties)
        found[item.key.name] = {str(item.properties["FunctionVersion"]): 1.0 - sum(others.values()), **others}
    return found


def users(resources: Iterable[Live], spec: Spec | None) -> dict[str, list[dict[str, Any]]]:
    """Version -> who uses it: aliases with their share, what hangs on the version or on such an alias, lines of the spec that name
    its number."""
    held = tuple(resources)
    by_alias = shares(held)
    found: dict[str, list[dict[str, Any]]] = {}
    for alias, versions in sorted(by_alias.items()):
        for number, share in versions.items():
            found.setdefault(number, []).append({"kind": ALIAS.name, "name": alias, "share": round(share, 9)})
    for kind in INVOKING:
        for item in (item for item in held if item.key.kind == kind.name and kind.qualifier):
            assert kind.qualifier
            through = kind.qualifier(item.key.name, item.properties) or LATEST
            for number in by_alias.get(through, {through: 1.0}):
                user = {"kind": kind.name, "name": item.key.name, "remark": kind.remark(item)}
                found.setdefault(number, []).append(user | ({"through": through} if through in by_alias else {}))
    for number, user in pins(spec) if spec else ():
        found.setdefault(number, []).append(user)
    return found


def pins(spec: Spec) -> Iterator[tuple[str, dict[str, Any]]]:
    """The numbers that a spec's aliases name, each with its line."""
    for item in (item for item in spec.desired if item.key.kind == ALIAS.name):
        named = {"/FunctionVersion": item.properties.get("FunctionVersion")}
        named |= {
            f"/RoutingConfig/AdditionalVersionWeights/{escaped(str(key))}": key for key in weights(item.properties)
        }
        for pointer, number in named.items():
            origin = item.origins.get(pointer) or item.origins.get("")
            if str(number).isdigit() and origin:
                yield str(number), {"kind": "spec", "name": item.key.name, "source": source_document(origin)}


def versions_document(
    target: Target, resources: Iterable[Live], spec: Spec | None, published: Mapping[str, Publication], taken_at: str
) -> dict[str, Any]:
    """The function itself, then its versions, newest first."""
    held = tuple(resources)
    used = users(held, spec)
    own = [item for item in held if item.key.kind == FUNCTION.name]
    numbered = [item for item in held if item.key.kind == VERSION.name]
    ordered = [*own, *sorted(numbered, key=lambda item: int(item.key.name), reverse=True)]
    return {
        "format_version": FORMAT_VERSION,
        "kind": "versions",
        "address": str(target),
        "taken_at": taken_at,
        "versions": [_version(item, published, used) for item in ordered],
    }


def _version(item: Live, published: Mapping[str, Publication], used: Mapping[str, Any]) -> dict[str, Any]:
    number = item.key.name or LATEST
    sha256 = str(item.handle.get("CodeSha256", ""))
    known = published.get(number)
    told = known if known and known.sha256 == sha256 else None
    return {
        "version": number,
        "published_at": told.at if told else None,
        "commit": told.commit or None if told else None,
        "run": told.run if told else None,
        "modified_at": str(item.handle.get("LastModified", "")),
        "description": str(item.properties[FUNCTION.section].get("Description", "")),
        "code_sha256": sha256,
        "code_bytes": int(item.handle.get("CodeSize", 0)),
        "used_by": used.get(number, []),
    }
