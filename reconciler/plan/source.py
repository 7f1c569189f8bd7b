"""The code of a function as the planner sees it: what it compares by, what is shown of it, and what a call sends. Pure.

Code compares by its hash. Where nobody could tell that, an image compares by its address, and anything else counts as
changed; two hashes that are not known are never equal.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.core.diff import Difference, pointer
from reconciler.core.model import Desired, Live
from reconciler.core.packages import Artifact, Blob, Package, Pin
from reconciler.core.plans import FieldChange, Ref
from reconciler.core.values import UNSET, UNTOLD
from reconciler.kinds.base import Step
from reconciler.kinds.code import comparable_code
from reconciler.kinds.layer import PUBLISH
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft, origin_of

ANSWERED_HASH = Ref("UpdateFunctionCode", "CodeSha256")  # of code that nobody could look at
CREATED_HASH = Ref("CreateFunction", "CodeSha256")
SENDING = ("CreateFunction", "UpdateFunctionCode", PUBLISH)
SOURCES = ("path", "ImageUri", "S3Bucket", "S3Key", "S3ObjectVersion", "ETag")
ADDED = ("CodeSha256", *SOURCES)  # what is not a member of the calls, or is sent as the spec has it


def comparable(case: Case, desired: Desired) -> Desired:
    """The desired function with its code as it compares: by hash."""
    if "code" not in desired.properties:
        return desired
    code = desired.properties["code"]
    compared = comparable_code(code, expected_hash(case, code))
    return replace(desired, properties={**desired.properties, "code": compared})


def expected_hash(case: Case, code: Mapping[str, Any]) -> str | Ref:
    """The hash that the function will have; of an image that cannot be resolved, the one it has where the address is the
    same."""
    if case.artifact and case.artifact.sha256:
        return case.artifact.sha256
    held = case.function.handle if case.function else {}
    if "ImageUri" in code and held.get("ImageUri") == code["ImageUri"]:
        return str(held.get("CodeSha256", ""))
    return ANSWERED_HASH


def code_params(case: Case, desired: Desired, differences: Iterable[Difference]) -> dict[str, Any]:
    """What a call says of the code: a tag as the digest that it stood for, an S3 object as the version that was looked at, a package as
    its bytes or where it is put."""
    code, artifact = desired.properties.get("code", {}), case.artifact
    params: dict[str, Any] = {member: value for member, value in code.items() if member[0].isupper()}
    stored = stored_at(case)
    if stored:
        params |= {"S3Bucket": stored.bucket, "S3Key": stored.key}
    elif "path" in code:
        params["ZipFile"] = packed(code, artifact)
    if "S3Key" in params and artifact and artifact.version:
        params.setdefault("S3ObjectVersion", artifact.version)
    if "ImageUri" in params and artifact and artifact.sha256:
        params["ImageUri"] = by_digest(params["ImageUri"], artifact.sha256)
    own = (item for item in differences if item.steps[0] == "code" and item.steps[1] not in ADDED)
    return params | {
        item.steps[1]: item.after for item in own if len(item.steps) == 2
    }  # what lies deeper is in them whole


def by_digest(uri: str, sha256: str) -> str:
    """An image's address with its digest in place of its tag; a colon before the last slash is a port."""
    return uri if "@" in uri else f"{repository(uri)}@sha256:{sha256}"


def repository(uri: str) -> str:
    plain = uri.partition("@")[0]
    return plain.rpartition(":")[0] if ":" in plain.rpartition("/")[2] else plain


def packed(code: Mapping[str, Any], artifact: Artifact | None) -> Blob:
    return Blob(code["path"], artifact.sha256 if artifact else "")


def stored_at(case: Case) -> Pin | None:
    """Where a package is put that is too large for a request, by what it holds: nothing else is ever there."""
    store, artifact = case.policy.stores.get(case.spec.target, ""), case.artifact
    if not (store and artifact and artifact.package and artifact.package.too_large):
        return None
    bucket, _, prefix = store.removeprefix("s3://").partition("/")
    return Pin(bucket, f"{prefix}/{base64.b64decode(artifact.sha256).hex()}.zip", sha256=artifact.sha256)


def pinned(case: Case, steps: Iterable[Step], desired: Desired) -> tuple[Step, ...]:
    """The steps, each that sends code with what AWS must answer, and with the S3 object that must still be the one which
    was looked at, or what must be put there."""
    code, artifact = desired.properties.get("code", {}), case.artifact
    if artifact is None:
        return tuple(steps)
    expect = {"CodeSha256": artifact.sha256} if artifact.sha256 else {}
    stored = stored_at(case)
    pin, upload = stored or _pin(code, artifact), packed(code, artifact) if stored else None
    return tuple(
        replace(step, expect=expect, pin=pin, upload=upload) if step.operation in SENDING else step for step in steps
    )


def _pin(code: Mapping[str, Any], artifact: Artifact) -> Pin | None:
    if "S3Key" not in code:
        return None
    return Pin(code["S3Bucket"], code["S3Key"], artifact.version, artifact.etag, artifact.sha256)


def guard(sha256: str | Ref, function: Draft | None) -> str | Ref:
    """The hash that a version may be published of: the planned one, or what AWS answers to the code that it is sent."""
    if isinstance(sha256, str):
        return sha256
    sends = any(step.operation == "UpdateFunctionCode" for step in function.steps) if function else False
    return ANSWERED_HASH if sends else ""


# --- what is shown -------------------------------------------------------------------------------------------------


def with_source(case: Case, draft: Draft, desired: Desired) -> Draft:
    """The draft of a function with the source of the code that its calls send, so that it is seen and approved: a hash
    says nothing to a reviewer, and one that is not known says nothing to anybody. What a package is, and where it is put, is shown
    beside: its hash says all that is approved of it."""
    if "code" not in desired.properties or not any(step.operation in SENDING for step in draft.steps):
        return draft
    before = _source_held(draft.pair.live)
    added = [
        Difference(("code", member), before.get(member, UNTOLD if draft.pair.live else UNSET), value)
        for member, value in _source_written(desired, case.artifact).items()
    ]
    changes = [
        FieldChange(pointer(item.steps), item.before, item.after, origin=origin_of(desired.origins, item.steps))
        for item in added
    ]
    pairs = [*zip(draft.differences, draft.action.changes, strict=True), *zip(added, changes, strict=True)]
    pairs.sort(key=lambda pair: pair[0].steps)
    action = replace(draft.action, changes=tuple(change for _, change in pairs), package=_package(case))
    return replace(draft, action=action, differences=tuple(difference for difference, _ in pairs))


def _package(case: Case) -> Package | None:
    package, stored = case.artifact.package if case.artifact else None, stored_at(case)
    return replace(package, stored_at=str(stored)) if package and stored else package


def _source_written(desired: Desired, artifact: Artifact | None) -> dict[str, str]:
    """The source in the spec's words. Of an object whose hash is not known, what else tells it from another."""
    code = desired.properties["code"]
    written = {member: desired.references.get(f"/code/{member}", code[member]) for member in SOURCES if member in code}
    if artifact and not artifact.sha256:
        identifying = {"S3ObjectVersion": artifact.version} if artifact.version else {"ETag": artifact.etag}
        written = {member: value for member, value in identifying.items() if value} | written
    return written


def _source_held(live: Live | None) -> dict[str, str]:
    """Where AWS says that the code came from; of code that it copied out of S3 it does not say."""
    handle = live.handle if live else {}
    image = {"ImageUri": handle["ImageUri"]} if "ImageUri" in handle else {}
    return {**image, **handle.get("ResolvedS3Object", {})}
