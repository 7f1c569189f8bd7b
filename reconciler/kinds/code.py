"""The section `code`: where a function's code is. It compares by `CodeSha256`, which the planner puts in place of the source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core import service
from reconciler.core.finding import Finding, Rule, part
from reconciler.core.model import Properties
from reconciler.core.values import Unreadable
from reconciler.kinds.base import IS_A_GUARD, IS_PUBLISH, IS_THE_FUNCTION, Section, shown

_ELSEWHERE = {
    "FunctionName": IS_THE_FUNCTION,
    "ZipFile": "`path` packs a directory or takes a ready .zip",
    "Architectures": "`configuration`, where AWS answers it",
    "Publish": "the spec's `publish`",
    "PublishTo": IS_PUBLISH,
    "DryRun": "not applying a plan is the dry run",
    "RevisionId": IS_A_GUARD,
}

_SOURCES = ("ImageUri", "S3Bucket", "S3Key", "S3ObjectVersion")

CODE = Section(
    name="code",
    operation="CreateFunction",
    refused=_ELSEWHERE,
    calls=("UpdateFunctionCode",),
    inside="Code",
    no_default=dict.fromkeys(_SOURCES, "says where the code comes from"),
    about="Where the code is: exactly one source.",
    own={
        "path": {
            "description": "A directory, packed reproducibly, or a ready .zip or .jar; relative to this file.",
            "type": "string",
            "minLength": 1,
        },
        "sha256": {
            "description": "The code's hash as CodeSha256 says it; with it, no call is made to find out.",
            "type": "string",
            "pattern": "^([A-Za-z0-9+/]{43}=|[0-9a-f]{64})$",
            "x-words": "a SHA-256, in base64 for a zip and in hex for an image",
        },
    },
)
# How the code is kept, beside what it is: what AWS holds when it was never said.
DEFAULTS: Mapping[str, str] = {"SourceKMSKeyArn": "", "S3ObjectStorageMode": "COPY"}


def comparable_code(code: Properties, sha256: Any) -> dict[str, Any]:
    """What is compared of code whose hash is, or will be, this one."""
    return {"CodeSha256": sha256, **_storage_settings(code)}


def _storage_settings(code: Properties) -> dict[str, Any]:
    """What is said of code beside where it is: also by members that are newer than this release."""
    cut = service.project(code, CODE.shape)
    return {member: value for member, value in cut.items() if member in CODE.members and member not in _SOURCES}


def live_code(configuration: Properties, code: Properties) -> dict[str, Any]:
    """Where AWS says the code is, in comparable form, of GetFunction's `Configuration` and `Code`."""
    mode, error = "REFERENCE" if "ResolvedS3Object" in code else "COPY", code.get("Error")
    return {
        **_storage_settings(code),
        "CodeSha256": configuration.get("CodeSha256") or Unreadable("AWS answered without it"),
        "SourceKMSKeyArn": shown(code.get("SourceKMSKeyArn", ""), error),
        "S3ObjectStorageMode": shown(mode, error),
    }


# --- rules over one document ---------------------------------------------------------------------------------------


@Rule(
    "R030",
    "Code has exactly one source, and what belongs to that source.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html",
)
def has_one_code_source(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if not isinstance(spec.get("code"), dict):
        return
    code = spec["code"]
    offered = {"S3Bucket + S3Key": ("S3Bucket", "S3Key"), "ImageUri": ("ImageUri",), "path": ("path",)}
    if "layer" in spec:
        del offered["ImageUri"]
    sources = [name for name, keys in offered.items() if any(key in code for key in keys)]
    if len(sources) != 1:
        places = (f"{name} at {{/code/{next(key for key in offered[name] if key in code)}}}" for name in sources)
        count = f"{' and '.join(places)} are {'two' if len(sources) == 2 else 'three'}" if sources else "there is none"
        *others, last = offered
        choice = f"{', '.join(others)} or {last}"
        yield Finding("/code", f"code must have exactly one source, {choice}; {count}", is_key=True)
    elif ("S3Bucket" in code) != ("S3Key" in code):
        missing = "S3Key" if "S3Bucket" in code else "S3Bucket"
        yield Finding("/code", f"code needs {missing} as well", is_key=True)
    path = code.get("path")
    if isinstance(path, str) and (path.startswith(("/", "~", "\\")) or path[1:2] == ":"):
        yield Finding("/code/path", f"code.path {path} is absolute; write it relative to this file")
    for member in ("S3ObjectVersion", "S3ObjectStorageMode"):
        if member in code and "S3Bucket" not in code and len(sources) == 1:
            yield Finding(f"/code/{member}", f"code.{member} goes with S3Bucket and S3Key", is_key=True)


@Rule(
    "R031",
    "Configuration and code fit each other: a zip has a runtime and a handler, an image has neither.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
)
def fits_its_package(spec: Mapping[str, Any]) -> Iterator[Finding]:
    configuration, code = part(spec, "configuration"), part(spec, "code")
    is_image = configuration.get("PackageType") == "Image"
    if "ImageUri" in code and "configuration" in spec and not is_image:
        yield Finding("/code/ImageUri", "an image needs `PackageType: Image` under configuration", is_key=True)
    if is_image and code and "ImageUri" not in code:
        yield Finding("/configuration/PackageType", "PackageType Image needs code.ImageUri", is_key=True)
    if "configuration" in spec and code and "Role" not in configuration:
        yield Finding("/configuration", "a function needs configuration.Role, which has no default", is_key=True)
    for member in ("Runtime", "Handler", "Layers"):
        if is_image and configuration.get(member):
            yield Finding(f"/configuration/{member}", f"an image function has no {member}; take it out", is_key=True)
        elif (
            "configuration" in spec
            and not is_image
            and code
            and "ImageUri" not in code
            and member not in configuration
            and member != "Layers"
        ):
            yield Finding("/configuration", f"a function from a zip needs configuration.{member}", is_key=True)
    if "ImageConfig" in configuration and not is_image:
        yield Finding("/configuration/ImageConfig", "ImageConfig is for images (`PackageType: Image`)", is_key=True)


def is_of_an_image(spec: Mapping[str, Any]) -> bool:
    """Whether anything in a spec says so."""
    return part(spec, "configuration").get("PackageType") == "Image" or "ImageUri" in part(spec, "code")


RULES = (has_one_code_source, fits_its_package)
