"""Durable executions: the sandbox never has one, for it runs a durable function as any other (FACTS 10.9).

(region, params, now) go in; an empty list comes out, or Refused is raised as of an execution that is not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.lambda_.state import Region
from reconciler.sandbox.refusals import invalid, not_found


def list_all(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    name, qualifier = region.named(params["FunctionName"], params.get("Qualifier"))
    region.record(region.function(name, qualifier), qualifier)
    return {"DurableExecutions": []}


def missing(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The answer of whatever is asked of an execution, or of a callback that one waits for."""
    raise not_found()


def checkpoint(region: Region, params: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Only an execution that runs has a token."""
    raise invalid("Invalid Checkpoint Token")
