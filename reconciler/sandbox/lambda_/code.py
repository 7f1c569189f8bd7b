"""The code of a function: out of a request's ZipFile, S3 object or image, with the hash by which AWS knows it.

The world is asked for the object or the image's digest; nothing is changed.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reconciler.sandbox.lambda_.state import Code, World
from reconciler.sandbox.refusals import Refused, invalid

KNOWN = {
    "Architectures", "DryRun", "FunctionName", "ImageUri", "Publish", "PublishTo", "RevisionId", "S3Bucket", "S3Key",
    "S3ObjectStorageMode", "S3ObjectVersion", "SourceKMSKeyArn", "ZipFile",
}  # fmt: skip
STANDS_FOR = b"stands for code whose CodeSha256 is "  # how the comment of a zip begins that is known by another hash than its own
LARGEST_DIRECT_BYTES = 52_428_800
LARGEST_UNZIPPED_BYTES = 262_144_000


def code_of(world: World, source: Mapping[str, Any]) -> Code:
    """The code that a request names. Raises what AWS answers to code that it cannot take."""
    newer = {member: value for member, value in source.items() if member not in KNOWN}
    return replace(_sent(world, source), newer=newer)


def _sent(world: World, source: Mapping[str, Any]) -> Code:
    kms_key = source.get("SourceKMSKeyArn", "")
    kinds = [kind for kind in ("ZipFile", "S3Bucket", "ImageUri") if kind in source]
    if len(kinds) > 1:
        raise invalid("Please do not provide other FunctionCode parameters when providing a ZipFile or an ImageUri.")
    if "ImageUri" in source:
        uri = source["ImageUri"]
        digest = uri.partition("@sha256:")[2] or world.image_digest(uri)
        return Code(digest, 0, image=uri, kms_key=kms_key)
    if "ZipFile" in source:
        return _checked(_direct(source["ZipFile"]), kms_key, None)
    if "S3Bucket" not in source or "S3Key" not in source:
        raise invalid("Please provide a source for function code.")
    content, version = world.object(source["S3Bucket"], source["S3Key"], source.get("S3ObjectVersion"))
    held = None
    if source.get("S3ObjectStorageMode") == "REFERENCE":
        held = {"S3Bucket": source["S3Bucket"], "S3Key": source["S3Key"]}
        held |= {"S3ObjectVersion": version} if version else {}
    return _checked(content, kms_key, held)


def _direct(content: bytes) -> bytes:
    if len(content) > LARGEST_DIRECT_BYTES:
        message = f"Zipped size must be smaller than {LARGEST_DIRECT_BYTES} bytes"
        raise Refused("RequestEntityTooLargeException", message, 413)
    return content


def _checked(content: bytes, kms_key: str, held: Mapping[str, str] | None) -> Code:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            told = archive.comment.removeprefix(STANDS_FOR) if archive.comment.startswith(STANDS_FOR) else b""
    except zipfile.BadZipFile as error:
        raise invalid("Could not unzip uploaded file. Please check your file, then try to upload again.") from error
    if size >= LARGEST_UNZIPPED_BYTES:
        raise invalid(f"Unzipped size must be smaller than {LARGEST_UNZIPPED_BYTES} bytes")
    return Code(told.decode() or zip_sha256(content), len(content), content, kms_key=kms_key, s3=held)


def zip_sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def location(code: Code, world: World, name: str) -> dict[str, Any]:
    """GetFunction's `Code`."""
    answer: dict[str, Any] = {**code.newer, "RepositoryType": "ECR" if code.image else "S3"}
    if code.image:
        answer |= {"ImageUri": code.image, "ResolvedImageUri": f"{_repository(code.image)}@sha256:{code.sha256}"}
    else:
        answer["Location"] = world.download(name, code.zip_bytes)
    if code.kms_key:
        answer["SourceKMSKeyArn"] = code.kms_key
    if code.s3:
        answer["ResolvedS3Object"] = dict(code.s3)
    return answer


def _repository(uri: str) -> str:
    """An image's address without its tag and digest; a colon before the last slash is a port."""
    plain = uri.partition("@")[0]
    return plain.rpartition(":")[0] if ":" in plain.rpartition("/")[2] else plain
