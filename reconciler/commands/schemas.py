"""Every schema that is committed and that `reconcile schema` prints: of what people write, and of what we write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from reconciler.report.answers import SCHEMAS as ANSWERS
from reconciler.report.rollout_schemas import SCHEMAS as ROLLOUTS
from reconciler.report.schemas import SCHEMAS as DOCUMENTS
from reconciler.spec import schema
from reconciler.spec.shapes import Schema

GENERATORS: Mapping[str, Callable[[], Schema]] = {
    **schema.GENERATORS,
    **{name: partial(dict, document) for name, document in {**DOCUMENTS, **ANSWERS, **ROLLOUTS}.items()},
}


def render(kind: str) -> str:
    """The text of the schema's file."""
    return schema.render(kind, GENERATORS[kind]())
