"""Versions: whether one is to be published, before or after what, what `published` stands for, and which ones go. Pure."""

from __future__ import annotations

from typing import Any

from reconciler.core.diff import matching, unreadable, with_value
from reconciler.core.model import Key, Live, Properties
from reconciler.core.plans import Action, Ref
from reconciler.core.values import UNSET
from reconciler.kinds.base import PUBLISHED, PUBLISHED_VERSION
from reconciler.kinds.function import FUNCTION
from reconciler.kinds.version import VERSION, content
from reconciler.plan.case import Case
from reconciler.plan.changes import Draft, beside, deleted, final_function, ignored_paths
from reconciler.plan.matching import Pair
from reconciler.plan.source import CREATED_HASH, guard


def publication(case: Case, function: Draft | None) -> tuple[Draft | None, str | Ref]:
    """The version to publish, if any, and what `published` stands for: a number, or what only its publication can tell."""
    if function is not None and function.verb in ("create", "replace"):
        if not case.spec.publish:
            return None, PUBLISHED_VERSION
        key = Key(case.spec.target, VERSION.name, "1")  # numbers begin at 1
        if is_published_at_once(case):
            return Draft(Action(key, "create", reason="published by the creation"), Pair(key, None, None)), "1"
        sha256 = (case.artifact.sha256 if case.artifact else "") or CREATED_HASH
        first = VERSION.create(case.spec.target.function, "", {"CodeSha256": sha256})
        reason = "published once what it keeps is set"
        return Draft(Action(key, "create", reason=reason), Pair(key, None, None), tuple(first)), "1"
    assert case.function is not None
    newest = max(case.held(VERSION), key=lambda item: int(item.key.name), default=None)
    final = final_function(case, function)
    if not case.spec.publish or not needs_publishing(case, function, final, newest):
        return None, newest.key.name if newest else PUBLISHED_VERSION
    reason = f"code or configuration differ from version {newest.key.name}" if newest else "nothing is published yet"
    key = Key(case.spec.target, VERSION.name, PUBLISHED)
    sha256 = guard(final["code"]["CodeSha256"], function)
    steps = VERSION.create(case.spec.target.function, "", {"CodeSha256": sha256})
    return Draft(Action(key, "create", reason=reason), Pair(key, None, None), tuple(steps)), PUBLISHED_VERSION


def is_published_at_once(case: Case) -> bool:
    """Whether the creation of a function publishes its first version: nothing has to be set before that a version keeps."""
    function = case.spec.target.function
    before = (
        step
        for kind, item in beside(case)
        if kind.is_kept_by_versions
        for step in kind.create(function, item.key.name, item.properties)
    )
    return case.spec.publish and not any(before)


def needs_publishing(case: Case, function: Draft | None, final: Properties, newest: Live | None) -> bool:
    """Whether $LATEST as it will be (`final`) differs from the newest version in what is ours to publish."""
    if newest is None:
        return True
    is_described = (
        any(item.steps == ("configuration", "Description") for item in function.differences) if function else False
    )
    description = newest.properties["configuration"].get("Description", "")
    if is_described and final["configuration"]["Description"] != description:
        return True
    content_after, published = owned_content(case, final), owned_content(case, newest.properties)
    for steps, _ in (*unreadable(content_after), *unreadable(published)):
        if function and any(item.steps[: len(steps)] == steps for item in function.differences):
            return True  # it changes, whatever it was
        content_after, published = with_value(content_after, steps, UNSET), with_value(published, steps, UNSET)
    return content_after != published


def owned_content(case: Case, properties: Properties) -> dict[str, Any]:
    """What publishing would compare, of the sections that the spec owns and without the paths that it ignores: what
    others change there is theirs to publish."""
    whole: dict[str, Any] = content(properties, case.spec.target.function)
    for pattern in ignored_paths(case.spec, FUNCTION, ""):
        for steps in matching(whole, pattern):
            whole = with_value(whole, steps, UNSET)
    owned = {name: value for name, value in whole.items() if name in case.spec.sections}
    return owned or whole


def version_deletions(case: Case) -> list[Draft]:
    held = {item.key.name: item for item in case.held(VERSION)}
    return [
        deleted(VERSION, Pair(item.key, None, held[item.key.name]), "state: absent")
        if item.key.name in held
        else Draft(Action(item.key, "none", reason="already absent"), Pair(item.key, item, None))
        for item in case.desired(VERSION)
    ]
