"""ARNs of another region or partition than the function's, where AWS wants the same. Pure.

What is a reference is judged when it was looked up; an S3 bucket's region stands in no address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.core.accounts import partition_of
from reconciler.core.diff import pointer
from reconciler.core.finding import Finding, Rule
from reconciler.kinds.registry import SECTIONS

# Member -> what it is, for people; these must be of the function's own region.
SAME_REGION: Mapping[str, str] = {
    "CapacityProviderArn": "the capacity provider",
    "CodeSigningConfigArn": "the code signing configuration",
    "EventSourceArn": "the event source",
    "FileSystemConfigs": "the access point",
    "KMSKeyArn": "the key",
    "Layers": "the layer",
    "RuntimeArn": "the runtime",
    "RuntimeVersionArn": "the runtime's version",
    "SourceKMSKeyArn": "the key",
    "TargetArn": "the dead letter target",
    "kms_key": "the key",
}
# These of its partition, whatever their region.
SAME_PARTITION: Mapping[str, str] = {"Role": "the role", "Destination": "the destination", "URI": "the resource"}
WORDS = frozenset({str, dict, list})  # in which there may be texts
FREE = ("Variables", "Tags", "Filters")  # below these stands what people like
IMAGE = re.compile(r"[0-9]{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")


@Rule(
    "R015",
    "What an ARN names is of the function's region and partition, where AWS wants that.",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html",
)
def misplaced(spec: Any, regions: Iterable[str]) -> Iterator[Finding]:
    """What cannot be used in one of the regions that the spec is for."""
    every_region = tuple(regions)
    for section in SECTIONS if isinstance(spec, dict) else ():
        for steps, text in texts(spec.get(section.name), (section.name,)):
            wrong = next((words for region in every_region if (words := problem(steps, text, region))), "")
            if wrong:
                yield Finding(pointer(steps), wrong)


def texts(value: Any, steps: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text below, with the steps to it, but what is free."""
    if isinstance(value, str):
        yield steps, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        if type(item) in WORDS and key not in FREE:
            yield from texts(item, (*steps, str(key)))


def problem(steps: tuple[str, ...], text: str, region: str) -> str:
    """Why this cannot stand here in a region; empty when it can, or when nobody knows."""
    image = IMAGE.match(text) if steps == ("code", "ImageUri") else None
    if image and image["region"] != region:
        return _elsewhere("the image", image["region"], region, "push it to a repository there")
    parts = text.split(":", 5) if text.startswith("arn:") else ()
    if len(parts) < 6 or "{{" in text:
        return ""
    words = next((SAME_REGION[step] for step in steps if step in SAME_REGION), "")
    named = words or next((SAME_PARTITION[step] for step in steps if step in SAME_PARTITION), "")
    wanted = partition_of(region)
    if named and parts[1] != wanted:
        return f"{named} is in partition {parts[1]}, and {region} is in {wanted}: write arn:{wanted}:{parts[2]}:…"
    if words and parts[3] not in ("", region):
        return _elsewhere(words, parts[3], region, "name one of that region")
    return ""


def _elsewhere(words: str, other: str, region: str, mend: str) -> str:
    return f"{words} is in {other}, and a function in {region} cannot use it; {mend}"
