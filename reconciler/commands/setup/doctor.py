"""`reconcile doctor`: whether all that a plan and an apply lean on is as it must be. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.commands.setup import accounts, machine
from reconciler.commands.setup.remarks import Remark, document
from reconciler.core.errors import SpecError
from reconciler.spec.config import Config, find_config, load_config


def examined(paths: Sequence[Path], *, is_offline: bool, is_applying: bool) -> dict[str, Any]:
    """Every remark, as a document. Of accounts nothing is asked where `is_offline`; `is_applying`: the credentials are to apply,
    and not only to plan."""
    return document(remarks(paths, is_offline=is_offline, is_applying=is_applying))


def remarks(paths: Sequence[Path], *, is_offline: bool, is_applying: bool) -> Iterator[Remark]:
    config = configuration(paths)
    folder = Path(config.path).parent if config else Path()
    yield from machine.versions()
    yield from machine.work_tree(folder)
    workspace, about_specs = machine.specs(paths)
    yield from about_specs
    yield from machine.workflows(machine.root_of(folder))
    if is_offline:
        yield Remark("account", "unknown", "no account was asked, for --offline was given")
    elif config:
        yield from accounts.remarks(config, workspace, is_applying=is_applying)


def configuration(paths: Sequence[Path]) -> Config | None:
    """reconcile.yaml by itself: accounts can be asked where a spec has mistakes."""
    with suppress(SpecError):
        return load_config(find_config(paths))
    return None
