"""Tags of whatever has them: the calls that change them, and who may own which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.core.diff import escaped
from reconciler.core.finding import Finding, Rule
from reconciler.core.model import Properties
from reconciler.kinds.base import Step

MARK = "reconcile:managed-by"
RESERVED_TAG_PREFIXES = ("aws:", "reconcile:")
FREE_TAGS = Rule(
    "R020",
    "A spec writes no tag of AWS's own and none of ours.",
    "https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html",
)


def own_tags(tags: Properties) -> dict[str, str]:
    """The tags that a spec may own: not AWS's, not our mark."""
    return {key: value for key, value in tags.items() if not key.startswith(RESERVED_TAG_PREFIXES)}


def tag_steps(arn: str, wanted: Properties, live: Properties, differing: frozenset[str]) -> list[Step]:
    """Calls that touch only the tags named in `differing` as `tags/KEY`. What goes goes first: AWS counts the tags that
    are there together with those that come, and takes no more than 50."""
    keys = sorted(member.partition("/")[2] for member in differing if member.startswith("tags/"))
    put = {key: wanted[key] for key in keys if key in wanted and wanted[key] != live.get(key)}
    removed = [key for key in keys if key not in wanted and key in live]
    steps = [Step("UntagResource", {"Resource": arn, "TagKeys": removed})] if removed else []
    return steps + ([Step("TagResource", {"Resource": arn, "Tags": put})] if put else [])


def tags_after(params: Properties, tags: Properties) -> dict[str, str]:
    """Tags once TagResource or UntagResource was carried out."""
    remaining = {key: value for key, value in tags.items() if key not in params.get("TagKeys", ())}
    return {**remaining, **params.get("Tags", {})}


def reserved(tags: Mapping[str, Any], at: str) -> Iterator[Finding]:
    """Tags that a spec may not write. AWS keeps its own prefix in any case of letters."""
    for key in tags:
        for owner, prefix in (("AWS", "aws:"), ("reconcile", "reconcile:")):
            if key.lower().startswith(prefix):
                yield Finding(f"{at}/{escaped(key)}", f"tags that begin with {prefix} are {owner}'s own", is_key=True)
