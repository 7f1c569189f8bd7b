"""Whether durable executions are under way in versions that are old enough to go: asked of those alone. Never writes."""

from __future__ import annotations

from collections.abc import Iterable

from botocore.model import ListShape, StringShape

from reconciler.aws.client import Aws
from reconciler.aws.unread import failure_text
from reconciler.core import service
from reconciler.core.errors import AwsError, Interrupted
from reconciler.core.grouping import by_target
from reconciler.core.model import Executions, Key, Live, Spec
from reconciler.core.place import Place
from reconciler.kinds.retention import beyond

UNDER_WAY = ("RUNNING", "PAUSING", "PAUSED")


def executions(aws: Aws, specs: Iterable[Spec], resources: Iterable[Live], taken_at: str) -> dict[Key, Executions]:
    """By version. Of one that has no durable executions nothing is asked."""
    held = by_target(resources)
    return {
        version.key: _of(aws, version)
        for spec in specs
        if spec.retain
        for version in beyond(spec, held.get(spec.target, ()), taken_at, published=int(spec.publish))
        if "DurableConfig" in version.properties["configuration"]
    }


def _of(aws: Aws, version: Live) -> Executions:
    target = version.key.target
    named = {"FunctionName": target.function, "Qualifier": version.key.name}
    try:
        pages = aws.pages(Place.of(target), "ListDurableExecutionsByFunction", {**named, "Statuses": statuses()})
        return Executions(any(page.get("DurableExecutions") for page in pages))
    except Interrupted:
        raise
    except AwsError as failure:
        return Executions(problem=failure_text("ListDurableExecutionsByFunction", failure))


def statuses() -> list[str]:
    """Those that the service model knows: an older one knows none that are paused."""
    shape = service.request("ListDurableExecutionsByFunction").members["Statuses"]
    assert isinstance(shape, ListShape) and isinstance(shape.member, StringShape)
    return [status for status in UNDER_WAY if status in shape.member.enum]
