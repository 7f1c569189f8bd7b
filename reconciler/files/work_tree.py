"""The files of a work tree as they are now, compared with those of a commit. Git is asked once for all of them, however many are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from reconciler.files.git_answers import split, within
from reconciler.files.repository import Repository


class WorkTree:
    """Of one repository; names are paths from its root."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._different: dict[str, list[str]] = {}
        self._blob_ids: dict[str, str] = {}

    def tracks(self, name: str) -> bool:
        """Whether the index has a file at or below a path."""
        return bool(within(self._tracked, name))

    def touched(self, commit: str, name: str) -> Sequence[str]:
        """The files at or below a path that may be others than in a commit, new ones included that git does not ignore."""
        if commit not in self._different:
            seen = self._names("diff-index", "--name-only", "-z", "--ignore-submodules=all", commit)
            self._different[commit] = sorted({*seen, *self._new})
        return within(self._different[commit], name)

    def blob_id(self, path: Path) -> str:
        """How git names a file's bytes as they are now; empty for what cannot be read."""
        key = str(path)
        if key not in self._blob_ids:
            try:
                text = path.read_bytes()
            except OSError:
                return ""
            named_by = hashlib.new(self._repository.names_by, b"blob %d\0%b" % (len(text), text))
            self._blob_ids[key] = named_by.hexdigest()
        return self._blob_ids[key]

    @cached_property
    def _tracked(self) -> list[str]:
        return sorted(self._names("ls-files", "-z"))

    @cached_property
    def _new(self) -> list[str]:
        return self._names("ls-files", "--others", "--exclude-standard", "-z")

    def _names(self, *words: str) -> list[str]:
        return split(self._repository.git(*words))
