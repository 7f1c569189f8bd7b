"""`reconcile show`: specs with all their parts laid together. Asks AWS nothing."""

from __future__ import annotations

from typing import Any

from reconciler.commands.workspaces import Workspace
from reconciler.core.diff import pointer
from reconciler.core.model import Target
from reconciler.files.strict_yaml import Document
from reconciler.report.documents import source_document
from reconciler.report.schemas import FORMAT_VERSION
from reconciler.spec.shown import said
from reconciler.spec.where import targets


def shown(workspace: Workspace) -> dict[str, Any]:
    """The document."""
    chosen = {spec.target for spec in workspace.specs.specs}
    found = [
        (target, document)
        for document in workspace.specs.documents
        for target in targets(document, workspace.config, [])
        if target in chosen
    ]
    specs = [_spec(target, document) for target, document in sorted(found, key=lambda pair: pair[0])]
    return {"format_version": FORMAT_VERSION, "kind": "show", "specs": specs}


def _spec(target: Target, document: Document) -> dict[str, Any]:
    values = [
        {"path": pointer(item.steps), "value": item.value, "source": source_document(item.origin)}
        for item in said(document, target)
    ]
    return {"address": str(target), "file": document.path, "extends": list(document.extends), "values": values}
