"""Where specs and reports are of who names neither: found upwards from where one stands. Looks at names of files, and reads none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from reconciler.files.repository import is_work_tree

FILE_NAME = "reconcile.yaml"
SPECS, REPORTS = "specs", "reports"


def specs() -> Path:
    """`specs` where one stands; else the nearest above, beside a reconcile.yaml or with one in it, or the folder of the nearest
    reconcile.yaml, not above the git work tree. `specs` where there is none of them, for a mistake to be told of it."""
    here = Path(SPECS)
    above = next(filter(None, map(_governed, upwards(Path.cwd()))), None)
    return here if os.path.lexists(here) or above is None else Path(os.path.relpath(above))


def reports() -> Path:
    """The same folder from everywhere in a tree: beside its `specs`, or in the folder of reconcile.yaml that is named otherwise."""
    root = specs().absolute()
    root = Path(os.path.normpath(root))
    return Path(os.path.relpath((root.parent if root.name == SPECS else root) / REPORTS))


def upwards(start: Path) -> Iterator[Path]:
    """A folder and those above it, not above the git work tree."""
    for folder in (start, *start.resolve().parents):
        yield folder
        if is_work_tree(folder):
            return


def _governed(folder: Path) -> Path | None:
    """The folder of specs that a folder has or is."""
    inner, is_ruled = folder / SPECS, os.path.lexists(folder / FILE_NAME)
    if inner.is_dir() and (is_ruled or os.path.lexists(inner / FILE_NAME)):
        return inner
    return folder if is_ruled else None
