"""What git can tell: the commit of a run, the specs at a revision, who wrote a line. The only module that uses GitPython.

Outside a work tree it tells nothing rather than guess; in a shallow clone it names no author.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import __version__, spec, strict_yaml
from reconciler.config import Config
from reconciler.errors import GitError, SpecError
from reconciler.model import FieldChange, Spec

if TYPE_CHECKING:
    from git import Repo


LINK = 0o120000  # git's mode of a symbolic link, whose text is where it leads
MOST_LINKS = 8


def _starts(name: str) -> Iterator[str]:
    """A path's folders from the root downwards, and itself."""
    return accumulate(name.split("/"), lambda folder, part: f"{folder}/{part}")


def provenance(path: Path) -> dict[str, Any]:
    """Tool, version, and the commit of the work tree that holds `path`; None for what git does not know."""
    found: dict[str, Any] = {
        "tool": "lambda-reconciler",
        "version": __version__,
        "commit": None,
        "branch": None,
        "dirty": None,
    }
    try:
        import git  # GitPython looks for the git program when it is imported
    except ImportError:
        return found
    try:
        repository = git.Repo(path, search_parent_directories=True)
        found["commit"] = repository.head.commit.hexsha
        found["branch"] = None if repository.head.is_detached else repository.active_branch.name
        found["dirty"] = repository.is_dirty(untracked_files=True)
    except (git.GitError, ValueError, OSError):
        return found
    return found


class History:
    """The work tree that holds some specs. Raises GitError when there is none."""

    def __init__(self, path: Path) -> None:
        try:
            import git
            from gitdb.exc import ODBError
        except ImportError as error:
            raise GitError("git is not installed, so --base and --drift cannot look back") from error
        self._errors = (git.GitError, ODBError, ValueError)
        try:
            self._repository: Repo = git.Repo(path, search_parent_directories=True)
        except git.GitError as error:
            raise GitError(f"{path} is in no git work tree, so --base and --drift cannot look back") from error
        self.root = Path(str(self._repository.working_tree_dir)).resolve()
        self._commits: dict[str, Any] = {}
        self._entries: dict[tuple[str, str], Any] = {}
        self._lines: dict[str, dict[int, str]] = {}

    @cached_property
    def is_shallow(self) -> bool:
        return bool(self._repository.git.rev_parse("--is-shallow-repository") == "true")

    def specs_at(self, revision: str, paths: Iterable[str], config: Config) -> Iterator[Spec]:
        """The specs that these files were at a revision; a file that was not there, or was no spec, gives none."""
        self._commit(revision)
        for path in sorted(set(paths)):
            try:
                document = strict_yaml.parse(self.file_at(revision, Path(path)) or b"", path)
            except SpecError:
                continue
            if not spec.document_faults(document):
                yield from spec.expanded(document, spec.targets(document, config, []))

    def _commit(self, revision: str) -> Any:
        try:
            if revision not in self._commits:
                self._commits[revision] = self._repository.commit(revision)
            return self._commits[revision]
        except (*self._errors, IndexError) as error:
            raise GitError(f"git knows no revision {revision}; in CI, fetch the base branch") from error

    def file_at(self, revision: str, path: Path) -> bytes | None:
        """What a file held at a revision, links below the root followed; None when it was not there."""
        name = self._lexical(path)
        for _ in range(MOST_LINKS):
            link = next((start for start in _starts(name) if getattr(self._at(revision, start), "mode", 0) == LINK), "")
            if not link:
                found = self._at(revision, name)
                return bytes(found.data_stream.read()) if found is not None and found.type == "blob" else None
            leads = os.fsdecode(self._at(revision, link).data_stream.read())
            name = os.path.normpath(os.path.join(os.path.dirname(link), leads) + name.removeprefix(link))  # noqa: PTH118, PTH120
        return None

    def _at(self, revision: str, name: str) -> Any:
        """What git holds at a path, each folder read once; None for nothing."""
        if (revision, name) not in self._entries:
            above, _, last = name.rpartition("/")
            folder = self._at(revision, above) if above else self._commit(revision).tree
            try:
                self._entries[revision, name] = folder / last
            except (KeyError, TypeError):
                self._entries[revision, name] = None
        return self._entries[revision, name]

    def files_at(self, revision: str, below: Path) -> list[Path]:
        """The files below a folder at a revision, as paths from here."""
        inside = self._lexical(below)
        tree = self._commit(revision).tree
        names = (str(item.path) for item in tree.traverse() if item.type == "blob")
        return [Path(os.path.relpath(self.root / name)) for name in names if Path(name).is_relative_to(inside)]

    def author(self, change: FieldChange) -> str:
        """Commit and author of the line that a change comes from; empty when git cannot tell."""
        if change.origin is None or self.is_shallow:
            return ""
        path = change.origin.path
        if path not in self._lines:
            self._lines[path] = self._blamed(path)
        return self._lines[path].get(change.origin.line, "")

    def _lexical(self, path: Path) -> str:
        """A path below the root with no link followed: what is one now need not have been one then."""
        absolute = Path(os.path.abspath(path))  # noqa: PTH100
        return (
            (absolute if absolute.is_relative_to(self.root) else absolute.resolve()).relative_to(self.root).as_posix()
        )

    def _relative(self, path: str) -> str:
        return Path(os.path.abspath(path)).resolve().relative_to(self.root).as_posix()  # noqa: PTH100

    def _blamed(self, path: str) -> dict[int, str]:
        try:
            text = self._repository.git.blame("--line-porcelain", "--", self._relative(path))
        except self._errors:
            return {}
        found: dict[int, str] = {}
        commit, number = "", 0
        for line in text.splitlines():
            words = line.split(" ")
            if len(words) >= 3 and len(words[0]) == 40 and words[1].isdigit():
                commit, number = words[0], int(words[2])
            elif line.startswith("author "):
                name = line.removeprefix("author ")
                found[number] = "not committed" if set(commit) == {"0"} else f"{commit[:10]} {name}"
        return found
