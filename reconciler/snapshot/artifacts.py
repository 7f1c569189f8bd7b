"""The code that a spec names, looked at without downloading it where that can be helped (FACTS 2.7).

In order of trust: packed from a local path; written in the spec, and compared with what S3 says; an image's digest; an S3
object's SHA-256; its metadata; a small object itself, read and hashed; what an earlier run was answered for the same object.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reconciler.aws.client import Aws
from reconciler.core.errors import AwsError, CallFailed, CodeDiffers, Interrupted
from reconciler.core.model import Live, Spec, Target
from reconciler.core.packages import Artifact, Pin
from reconciler.core.place import Place
from reconciler.core.sealing import canonical
from reconciler.files.packages import packed_alone
from reconciler.kinds.registry import KINDS
from reconciler.snapshot.local_code import Packing, compared, declared_sha256, in_base64, local_artifact

ECR = re.compile(
    r"(?P<registry>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<repository>[^:@]+)"
    r"(:(?P<tag>[^@]+))?(@sha256:(?P<digest>[0-9a-f]{64}))?"
)
METADATA = ("sha256", "codesha256", "code-sha256")
CHUNK_BYTES = 1 << 20
LARGEST_READ_BYTES = 10 << 20  # what is read to be hashed without being asked: no more than a developer's own upload
MISSING = ("404", "NoSuchKey", "NoSuchBucket", "NoSuchVersion")
MEND = "upload it with --checksum-algorithm SHA256, write code.sha256, or pass --download-code"


@dataclass(frozen=True, slots=True)
class Looking:
    """What may be done beyond asking S3 for an object's head: `known` tells the hash that AWS once answered for the same
    object, or nothing; `downloads` says that objects of any size may be read; `packed` makes what a path holds a package."""

    known: Callable[[Pin], str] = lambda _: ""
    downloads: bool = False
    packed: Packing = packed_alone


def artifacts(
    aws: Aws, specs: Iterable[Spec], pool: ThreadPoolExecutor, held: Mapping[Target, str], looking: Looking
) -> dict[Target, Artifact]:
    """The code of each target, asked once for all that name the same code from the same place."""
    questions = {spec.target: _question(spec, held.get(spec.target, "")) for spec in specs if spec.code}
    first = {question: spec for spec in specs if (question := questions.get(spec.target))}
    look = partial(code_of, aws, looking)
    answers = dict(zip(first, pool.map(look, first.values(), (question[2] for question in first)), strict=True))
    return {target: code for target, question in questions.items() if (code := answers[question])}


def live_code(resources: Iterable[Live]) -> dict[Target, str]:
    """The hash of the code that each target holds."""
    roots = (item for item in resources if KINDS[item.key.kind].is_root)
    return {item.key.target: str(item.handle.get("CodeSha256", "")) for item in roots}


def needs_live_code(spec: Spec) -> bool:
    """Whether the code that a spec names is looked at only where the function does not hold it."""
    return bool(spec.code) and "sha256" in spec.code


def _question(spec: Spec, held: str) -> tuple[Place, bytes, str]:
    """What is asked of a target's code; the hash that lives matters only where the spec says one."""
    return Place.of(spec.target), canonical(spec.code), held if needs_live_code(spec) else ""


def code_of(aws: Aws, looking: Looking, spec: Spec, held: str) -> Artifact | None:
    try:
        return artifact(aws, spec, held, looking)
    except Interrupted:
        raise
    except AwsError as failure:
        return Artifact("", "", problem=f"the code cannot be looked at: {failure}")


def artifact(aws: Aws, spec: Spec, held: str = "", looking: Looking = Looking()) -> Artifact | None:
    """The code that a spec names; None when it owns no code or wants the function gone. A hash that is written in the spec
    is taken at its word where the function holds it already (`held`): then nothing is sent."""
    code = spec.code
    if not code:
        return None
    local = local_artifact(spec, looking.packed)
    if local and ("S3Key" not in code or local.sha256 == held):
        return local
    return _image(aws, spec.target, code["ImageUri"]) if "ImageUri" in code else _s3(aws, spec.target, code, looking)


def _image(aws: Aws, target: Target, uri: str) -> Artifact:
    image = ECR.fullmatch(uri)
    if not image:
        return Artifact("", f"{uri} is not in ECR; pin it with @sha256:…")
    params = {
        "registryId": image["registry"],
        "repositoryName": image["repository"],
        "imageIds": [{"imageTag": image["tag"] or "latest"}],
    }
    try:
        answer = aws.call(Place(target.account, image["region"]), "DescribeImages", params, api="ecr")
    except CallFailed as failure:
        if failure.code in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return Artifact("", uri, problem=f"{uri} does not exist in ECR")
        return Artifact("", f"{uri} cannot be resolved ({failure.code}); pin it with @sha256:…")
    return Artifact(answer.result["imageDetails"][0]["imageDigest"].removeprefix("sha256:"), f"{uri} resolved in ECR")


def _s3(aws: Aws, target: Target, code: Mapping[str, Any], looking: Looking) -> Artifact:
    pin = Pin(code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion", ""))
    declared = declared_sha256(code)
    try:
        head = object_head(aws, Place.of(target), pin)
        pin = replace(pin, version=str(head.get("VersionId", "")).replace("null", ""), etag=str(head.get("ETag", "")))
        actual = _of_head(head, pin) or _learned(aws, Place.of(target), pin, head, looking)
    except CallFailed as failure:
        if failure.code in MISSING:
            mend = "upload the code first, or correct S3Bucket and S3Key"
            return Artifact("", str(pin), problem=f"{pin} does not exist; {mend}")
        if declared:  # who may not read it can still say what it is; AWS's answer is compared with that
            return Artifact(declared, "sha256 in the spec", pin.version)
        mend = "allow s3:GetObject, or write code.sha256"
        return Artifact("", str(pin), problem=f"{pin} cannot be read ({failure.code}); {mend}")
    actual = replace(actual, size=int(head.get("ContentLength", 0)))
    if declared and not actual.sha256:
        return replace(actual, sha256=declared, source="sha256 in the spec")
    return compared(actual, declared)


def object_head(aws: Aws, place: Place, pin: Pin) -> Mapping[str, Any]:
    return aws.call(place, "HeadObject", {**_address(pin), "ChecksumMode": "ENABLED"}, api="s3").result


def _address(pin: Pin) -> dict[str, str]:
    return {"Bucket": pin.bucket, "Key": pin.key} | ({"VersionId": pin.version} if pin.version else {})


def _of_head(head: Mapping[str, Any], pin: Pin) -> Artifact | None:
    """What S3 keeps of an object's hash, or who uploaded it wrote beside it."""
    known = full_sha256(head)
    if known:
        return Artifact(known, f"the SHA-256 that S3 keeps of {pin}", pin.version, etag=pin.etag)
    for metadata in METADATA:
        if metadata in head.get("Metadata", {}):
            written = in_base64(head["Metadata"][metadata])
            return Artifact(written, f"the metadata {metadata} of {pin}", pin.version, etag=pin.etag)
    return None


def _learned(aws: Aws, place: Place, pin: Pin, head: Mapping[str, Any], looking: Looking) -> Artifact:
    """The hash of an object of which S3 keeps none: of its bytes, or as AWS answered it to an earlier run."""
    if looking.downloads or int(head.get("ContentLength", 0)) <= LARGEST_READ_BYTES:
        return Artifact(_hashed(aws, place, pin), f"{pin}, read and hashed,", pin.version, etag=pin.etag)
    recorded = looking.known(pin)
    if recorded:
        source = f"the report of an earlier run about {pin}"
        return Artifact(recorded, source, pin.version, etag=pin.etag, is_recorded=True)
    return Artifact("", f"S3 keeps no SHA-256 of {pin}, nor does a report; {MEND}", pin.version, etag=pin.etag)


def full_sha256(head: Mapping[str, Any]) -> str:
    """The SHA-256 of the whole object, of HeadObject's answer; empty where S3 keeps none, or one of an upload in parts,
    which is a hash of hashes."""
    known = str(head.get("ChecksumSHA256", ""))
    in_parts = "-" in str(head.get("ETag", "")) or "-" in known
    is_whole = head.get("ChecksumType", "COMPOSITE" if in_parts else "FULL_OBJECT") == "FULL_OBJECT"
    return known if is_whole else ""


def _hashed(aws: Aws, place: Place, pin: Pin) -> str:
    """The hash of the very object that was looked at: S3 refuses another one."""
    body = aws.call(place, "GetObject", {**_address(pin), "IfMatch": pin.etag}, api="s3").result["Body"]
    digest = hashlib.sha256()
    for chunk in body.iter_chunks(CHUNK_BYTES):
        digest.update(chunk)
    return base64.b64encode(digest.digest()).decode()


def confirm(aws: Aws, place: Place, pin: Pin) -> None:
    """Raises CodeDiffers when an object is no longer the one that was looked at. Who may not read it is told by AWS's answer
    to the call alone."""
    if pin.is_immutable:
        return
    try:
        head = object_head(aws, place, pin)
    except CallFailed as failure:
        if failure.code in MISSING:
            raise CodeDiffers(f"{pin} is gone since the plan was made; plan again", code="CodeDiffers") from failure
        if pin.etag:
            raise
        return
    sha256 = full_sha256(head)
    if (pin.etag and head.get("ETag") != pin.etag) or (pin.sha256 and sha256 and sha256 != pin.sha256):
        raise CodeDiffers(
            f"{pin} is not what it was when the plan was made: it was replaced; plan again", code="CodeDiffers"
        )
