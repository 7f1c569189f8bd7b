"""A layer: code that functions share, which is no function's. Every publication makes a version, of equal content as well, and its
number is never given again (FACTS 10.1); so the newest version is compared, and another one published where that differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core import service
from reconciler.core.finding import Finding, Rule
from reconciler.core.model import Key, Live, Properties, Target
from reconciler.core.plans import Ref
from reconciler.core.values import Unreadable
from reconciler.kinds import code
from reconciler.kinds.base import Kind, Section, Step, told, with_defaults
from reconciler.kinds.reading import Listing, Reading

PUBLISH = "PublishLayerVersion"
# The version that is the newest once the layer's plan is carried out.
PUBLISHED_ARN = Ref(PUBLISH, "LayerVersionArn")
MEMBERS = Section(
    name="configuration",
    operation=PUBLISH,
    refused={"LayerName": "the spec's `layer`", "Content": "the section `code`"},
    calls=(PUBLISH,),
    about="What is said of a version: PublishLayerVersion's members. Left out, it stays as the newest version has it.",
)
CONTENT = Section(
    name="code",
    operation=PUBLISH,
    refused={"ZipFile": code.CODE.refused["ZipFile"]},
    calls=(),
    inside="Content",
    about="Where the layer's content is: exactly one source.",
    own=code.CODE.own,
)
DEFAULTS: Mapping[str, Any] = {
    "CompatibleArchitectures": [],
    "CompatibleRuntimes": [],
    "Description": "",
    "LicenseInfo": "",
}


def single(layer: str, _: str) -> tuple[str, Properties]:
    """The newest version, which is listed first and without what it holds."""
    return "ListLayerVersions", {"LayerName": layer, "MaxItems": 1}


def several(_: str, answer: Properties) -> list[Properties]:
    return list(answer["LayerVersions"])


def owner(item: Properties) -> str:
    return str(item["LayerName"])


def is_cut(answer: Properties, _: frozenset[str]) -> bool:
    return "Content" not in answer


def rest(item: Properties) -> tuple[str, Properties]:
    newest = item.get("LatestMatchingVersion", item)
    return "GetLayerVersionByArn", {"Arn": newest["LayerVersionArn"]}


def live(target: Target, answer: Properties) -> Live:
    handle = {name: answer[name] for name in ("Version", "LayerVersionArn", "CreatedDate") if name in answer}
    content = answer.get("Content", {})
    handle |= {name: content[name] for name in ("CodeSha256", "ResolvedS3Object") if name in content}
    return Live(Key(target, "layer"), answered(answer, ""), handle)


def answered(answer: Properties, _: str) -> dict[str, Any]:
    content = answer.get("Content", {})
    held = {
        "CodeSha256": content.get("CodeSha256") or Unreadable("AWS answered without it"),
        "S3ObjectStorageMode": "REFERENCE" if "ResolvedS3Object" in content else "COPY",
    }
    return {"configuration": MEMBERS.cut(answer), "code": held}


def normal(properties: Properties, _: str) -> dict[str, Any]:
    full: dict[str, Any] = {}
    if "configuration" in properties:
        members: dict[str, Any] = with_defaults(dict(properties["configuration"]), dict(DEFAULTS))
        full["configuration"] = {
            name: sorted(value) if isinstance(value, list | tuple) else value for name, value in members.items()
        }
    if "code" in properties:
        full["code"] = {"S3ObjectStorageMode": code.DEFAULTS["S3ObjectStorageMode"], **properties["code"]}
    return full


def create(layer: str, _: str, properties: Properties) -> list[Step]:
    members = {name: value for name, value in properties.get("configuration", {}).items() if value}
    return [Step(PUBLISH, {"LayerName": layer, "Content": properties["code"], **members})]


def update(
    layer: str, name: str, properties: Properties, _differing: frozenset[str], _handle: Properties
) -> list[Step]:
    """A version never changes: another one is published, whole."""
    return create(layer, name, properties)


def delete(_layer: str, _name: str, _handle: Properties) -> list[Step]:
    """A layer is gone when none of its versions is left."""
    return []


def compared(live: Properties, desired: Properties) -> dict[str, Any]:
    request = service.request(PUBLISH)
    shapes = {"configuration": request, "code": request.members["Content"]}
    return {
        section: service.comparable(live.get(section, {}), wanted, shapes.get(section))
        for section, wanted in desired.items()
    }


def after(operation: str, params: Properties, before: Properties | None) -> dict[str, Any] | None:
    """`params` hold CodeSha256 where the plan knows what the content's hash will be."""
    if operation != PUBLISH:
        return dict(before) if before else None
    members = {name: value for name, value in params.items() if name in MEMBERS.members}
    content = code.comparable_code(params["Content"], params.get("CodeSha256", ""))
    return normal({"configuration": members, "code": content}, "")


# --- rules over one document ---------------------------------------------------------------------------------------


@Rule(
    "R091",
    "A layer has the content that its versions are made of.",
    "https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html",
)
def has_its_content(spec: Mapping[str, Any]) -> Iterator[Finding]:
    if "code" not in spec and spec.get("state") != "absent":
        yield Finding("", "a layer needs code: a path, or S3Bucket and S3Key", is_key=True)


LAYER = Kind(
    name="layer",
    of="layer",
    section="configuration",
    sections=(MEMBERS, CONTENT),
    reading=Reading(
        single, live, everywhere=Listing("ListLayers", "Layers"), is_cut=is_cut, several=several, owner=owner, rest=rest
    ),
    calls=(told(PUBLISH, "Publish", "Layer Version", is_upsert=True),),
    normal=normal,
    create=create,
    update=update,
    delete=delete,
    compared=compared,
    state=normal,
    after=after,
    depth=2,
    rules=(code.has_one_code_source, has_its_content),
    answered=answered,
    is_answered_whole=True,
    loss="its versions never come back",
)
