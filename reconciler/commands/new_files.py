"""Files that are new: none that is there is changed, and nothing is written through a link."""

from __future__ import annotations

from os.path import lexists
from pathlib import Path

from reconciler.core.errors import ReportError


def require_folders(folder: Path, path: str) -> None:
    """That each folder above a file is one, or not there yet. Raises ReportError."""
    for parent in list(Path(path).parents)[:-1]:
        above = folder / parent
        if above.is_symlink():
            raise ReportError(f"{above} is a link, and nothing is written through links; put a folder there")
        if lexists(above) and not above.is_dir():
            raise ReportError(f"{above} is no folder; move it, for {path} is to be written below it")


def write(path: Path, text: str) -> None:
    """A new file: one that came meanwhile stays. Raises ReportError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ReportError(f"{path}: cannot be written: {error.strerror}") from error
