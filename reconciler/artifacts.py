"""The hash of the code that a spec names, without downloading it where that can be helped (lambda-facts 2.7).

In order of trust: written in the spec; packed from a local path; an image's digest; an S3 object's SHA-256; its metadata;
and last the object itself, read and hashed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from reconciler import packing
from reconciler.aws import Aws, Place
from reconciler.errors import CallFailed, SpecError
from reconciler.model import Artifact, Origin, Spec, Target

ECR = re.compile(
    r"(?P<registry>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<repository>[^:@]+)"
    r"(:(?P<tag>[^@]+))?(@sha256:(?P<digest>[0-9a-f]{64}))?"
)
METADATA = ("sha256", "codesha256", "code-sha256")
CHUNK_BYTES = 1 << 20


def artifact(aws: Aws, spec: Spec) -> Artifact | None:
    """The code that a spec names; None when it owns no code or wants the function gone."""
    code = spec.code
    if not code:
        return None
    local = local_artifact(spec)
    if local:
        return local
    return _image(aws, spec.target, code["ImageUri"]) if "ImageUri" in code else _s3(aws, spec.target, code)


def local_artifact(spec: Spec) -> Artifact | None:
    """What can be told without AWS: a hash in the spec, a digest in an image's address, a path. A path that cannot be
    packed is this target's problem alone."""
    code = spec.code
    if "path" in code:
        return _packed(code["path"], spec.origins.get("/code/path") or Origin(spec.path))
    if "sha256" in code:
        return Artifact(code["sha256"], "sha256 in the spec", code.get("S3ObjectVersion", ""))
    digest = re.search(r"@sha256:([0-9a-f]{64})$", code.get("ImageUri", ""))
    return Artifact(digest[1], "digest in ImageUri") if digest else None


def _packed(path: str, origin: Origin) -> Artifact:
    try:
        return Artifact(packing.code_sha256(packing.pack(path, origin)), f"packed from {path}")
    except SpecError as error:
        return Artifact("", path, problem="; ".join(fault.message for fault in error.faults))


def _image(aws: Aws, target: Target, uri: str) -> Artifact:
    place = ECR.fullmatch(uri)
    if not place:
        return Artifact("", f"{uri} is not in ECR; pin it with @sha256:…")
    params = {
        "registryId": place["registry"],
        "repositoryName": place["repository"],
        "imageIds": [{"imageTag": place["tag"] or "latest"}],
    }
    try:
        answer = aws.call(Place(target.account, place["region"]), "DescribeImages", params, api="ecr")
    except CallFailed as failure:
        if failure.code in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return Artifact("", uri, problem=f"{uri} does not exist in ECR")
        return Artifact("", f"{uri} cannot be resolved ({failure.code}); pin it with @sha256:…")
    return Artifact(answer.result["imageDetails"][0]["imageDigest"].removeprefix("sha256:"), f"{uri} resolved in ECR")


def _s3(aws: Aws, target: Target, code: Mapping[str, Any]) -> Artifact:
    name = f"s3://{code['S3Bucket']}/{code['S3Key']}"
    params = {"Bucket": code["S3Bucket"], "Key": code["S3Key"]}
    if "S3ObjectVersion" in code:
        params["VersionId"] = code["S3ObjectVersion"]
    place = Place.of(target)
    try:
        head = aws.call(place, "HeadObject", {**params, "ChecksumMode": "ENABLED"}, api="s3").result
        version = str(head.get("VersionId", "")).replace("null", "")
        known = full_sha256(head)
        if known:
            return Artifact(known, f"{name}, SHA-256 kept by S3", version)
        for metadata in METADATA:
            if metadata in head.get("Metadata", {}):
                return Artifact(_base64(head["Metadata"][metadata]), f"{name}, metadata {metadata}", version)
        return Artifact(_hashed(aws, place, params), f"{name}, read and hashed", version)
    except CallFailed as failure:
        if failure.code in ("404", "NoSuchKey", "NoSuchBucket", "NoSuchVersion"):
            return Artifact(
                "", name, problem=f"{name} does not exist; upload the code first, or correct S3Bucket and S3Key"
            )
        return Artifact(
            "", name, problem=f"{name} cannot be read ({failure.code}); allow s3:GetObject, or write code.sha256"
        )


def full_sha256(head: Mapping[str, Any]) -> str:
    """The SHA-256 of the whole object, of HeadObject's answer; empty where S3 keeps none, or one of an upload in parts,
    which is a hash of hashes."""
    known = str(head.get("ChecksumSHA256", ""))
    in_parts = "-" in str(head.get("ETag", "")) or "-" in known
    is_whole = head.get("ChecksumType", "COMPOSITE" if in_parts else "FULL_OBJECT") == "FULL_OBJECT"
    return known if is_whole else ""


def _base64(written: str) -> str:
    return base64.b64encode(bytes.fromhex(written)).decode() if re.fullmatch("[0-9a-fA-F]{64}", written) else written


def _hashed(aws: Aws, place: Place, params: Mapping[str, str]) -> str:
    body = aws.call(place, "GetObject", params, api="s3").result["Body"]
    digest = hashlib.sha256()
    for chunk in body.iter_chunks(CHUNK_BYTES):
        digest.update(chunk)
    return base64.b64encode(digest.digest()).decode()
