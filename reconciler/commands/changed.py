"""The part of a workspace that git has changed since a revision: what a pull request is about, so that only that is read. Asks AWS nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.commands import wiring
from reconciler.commands.base import read as judged
from reconciler.commands.wiring import Workspace
from reconciler.core.model import Diagnostic, Spec
from reconciler.core.words import many
from reconciler.files.tree import packs
from reconciler.spec.history import History
from reconciler.spec.load import named_targets, only


def read(paths: Sequence[Path], *, base: str, changed_since: str, prunes: bool) -> Workspace:
    """What is to be planned below the paths, judged by the base where one is given."""
    workspace = judged(paths, base)
    if not changed_since:
        return workspace
    if prunes:
        wiring.require_prunable(workspace)
    return since(workspace, changed_since, prunes=prunes or (workspace.config.prunes and workspace.is_whole))


def since(workspace: Workspace, revision: str, *, prunes: bool) -> Workspace:
    """Only the targets whose spec or local code is another than at a revision; all of them where reconcile.yaml is. Functions whose
    spec is gone since are told or, where it `prunes`, asked to go. Raises GitError when git cannot tell."""
    history = wiring.history(workspace)
    moved = history.changed(revision, [Path(workspace.own.path), *workspace.paths])
    without_spec = dropped(history, revision, workspace, moved)
    if history.name_of(Path(workspace.own.path)) in moved:
        note = f"{workspace.own.path} is another than at {revision}, so every target counts as changed"
        return narrowed(workspace, workspace.specs.specs, without_spec, note, revision, prunes=prunes)
    chosen = [spec for spec in workspace.specs.specs if has_changed(history, revision, spec, moved)]
    left = len(workspace.specs.specs) - len(chosen)
    note = f"left out, for nothing of them changed since {revision}: {left} of {many(len(workspace.specs.specs), 'target')}"
    return narrowed(workspace, chosen, without_spec, note if left else "", revision, prunes=prunes)


def has_changed(history: History, revision: str, spec: Spec, moved: Collection[str]) -> bool:
    """Whether a spec's file, or the local code that it names, is another; of code that git does not hold nobody can tell."""
    path = spec.code.get("path")
    return history.name_of(Path(spec.path)) in moved or (
        path is not None and history.has_moved(revision, path, packs(path)) is not False
    )


def dropped(history: History, revision: str, workspace: Workspace, moved: Collection[str]) -> list[Spec]:
    """What the files that moved said at a revision of functions that no spec of the house names now: one that
    only moved is not gone."""
    now = {
        *named_targets([Path(workspace.own.path).parent], workspace.own),
        *(spec.target for spec in workspace.specs.specs),
    }
    return [spec for spec in history.specs_in(revision, workspace.config, moved) if spec.target not in now]


def narrowed(
    workspace: Workspace,
    chosen: Iterable[Spec],
    without_spec: Iterable[Spec],
    note: str,
    revision: str,
    *,
    prunes: bool,
) -> Workspace:
    """The workspace of what was chosen, with what there is to say about the rest."""
    without_spec = sorted((spec for spec in without_spec if not spec.is_absent), key=lambda spec: spec.target)
    notes = [Diagnostic("note", note, left_out=True)] if note else []
    if not prunes:
        message = "{} has had no spec since {}: it stays as it is, an orphan; `state: absent` or --prune asks for its deletion"
        notes += [Diagnostic("warning", message.format(spec.target, revision), left_out=True) for spec in without_spec]
    specs = only(workspace.specs, [spec.target for spec in chosen])
    absent = tuple(Spec(spec.target, "", (), frozenset(), is_absent=True) for spec in without_spec) if prunes else ()
    specs = replace(specs, specs=(*specs.specs, *absent), warnings=(*specs.warnings, *notes))
    return replace(workspace, specs=specs, is_chosen=True)
