"""What git can tell: the commit of a run, the specs at a revision, who wrote a line. The only module that uses GitPython.

Outside a work tree it tells nothing rather than guess; in a shallow clone it names no author. What a revision holds is read
from git's objects, never checked out, and never more than parsed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.core.errors import GitError, SpecError
from reconciler.core.model import Origin, Spec, Target
from reconciler.files import strict_yaml
from reconciler.files.git_answers import Blob, contents, is_below, listed, sized, starts, within
from reconciler.files.reading import UnreadableFile
from reconciler.files.repository import Repository, closed_environment, repository
from reconciler.files.strict_yaml import Document
from reconciler.files.tree import absolute
from reconciler.files.work_tree import WorkTree
from reconciler.spec import load
from reconciler.spec.config import Config
from reconciler.spec.discovery import DEFAULTS
from reconciler.spec.extending import Defaults
from reconciler.spec.touched import Touch, new_lines, touched_once

if TYPE_CHECKING:
    from git import Repo

LENGTH = 40  # of a commit's name, or longer
LINK = "120000"  # git's mode of a symbolic link, whose text is where it leads
MOST_LINKS = 8
ASKED_ALONE = 20  # files, each of whose lines git tells the authors of
SHORT = 10  # characters of a commit's name
UNCOMMITTED = "not committed"
TOO_LARGE = b" " * (strict_yaml.MAX_BYTES + 1)  # stands for what no reader of ours takes, so that it says so


def provenance(folder: Path) -> dict[str, Any]:
    """Tool, version, and the commit of the work tree that holds a folder; None for what git does not know. A file that only
    a filter could compare counts as changed when its times say so: no filter is run."""
    facts: dict[str, Any] = {
        "tool": "lambda-reconciler",
        "version": __version__,
        "commit": None,
        "branch": None,
        "dirty": None,
    }
    try:
        tree = repository(folder)
        facts["commit"] = tree.git("rev-parse", "--verify", "HEAD^{commit}").decode().strip()
        branch = os.fsdecode(tree.git("rev-parse", "--symbolic-full-name", "HEAD")).strip()
        facts["branch"] = branch.removeprefix("refs/heads/") if branch.startswith("refs/heads/") else None
        changed = tree.git("status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=all")
        facts["dirty"] = bool(changed)
    except GitError:
        return facts
    return facts


@cache
def _refused() -> type[Exception]:
    """What GitPython raises."""
    with closed_environment():
        from git import GitError as Refused
    return Refused


class History:
    """The work tree that holds a folder. Raises GitError when there is none."""

    def __init__(self, folder: Path) -> None:
        try:
            self.repository: Repository = repository(folder)
        except GitError as error:
            raise GitError(f"--base and --drift cannot look back: {error}") from error
        self.root = self.repository.root
        self._now = WorkTree(self.repository)
        self._commits: dict[str, str] = {}
        self._trees: dict[str, dict[str, Blob]] = {}
        self._names: dict[str, list[str]] = {}
        self._texts: dict[str, bytes] = {}
        self._lines: dict[tuple[str, str], dict[int, str]] = {}
        self._touched: dict[tuple[str, ...], list[str]] = {}
        self._of_defaults: dict[str, Defaults] = {}
        self._later: dict[str, Mapping[str, str]] = {}
        self._touched_once: dict[str, Mapping[str, Touch]] = {}

    @property
    def is_shallow(self) -> bool:
        return self.repository.is_shallow

    @property
    def names_no_commit(self) -> str:
        """Why no author can be told; empty when they can."""
        if self.is_shallow:
            return "this clone is shallow, so no commit is named; fetch with the whole history (fetch-depth: 0)"
        if self.repository.names_by != "sha1":
            return f"this repository names its objects by {self.repository.names_by}, so no commit is named"
        return ""

    # --- a revision's files -----------------------------------------------------------------------------------------

    def file_at(self, revision: str, path: Path) -> bytes | None:
        """What a file held at a revision, links below the root followed; None when it was not there."""
        blob = self._followed(self._tree(revision), self.name_of(path))
        return next(self._read([blob])) if blob else None

    def _followed(self, tree: Mapping[str, Blob], name: str) -> Blob | None:
        """The file that a path leads to, itself or a folder above it being a link."""
        for _ in range(MOST_LINKS):
            link = next((start for start in starts(name) if start in tree and tree[start].mode == LINK), "")
            if not link:
                return tree.get(name)
            leads = os.path.join(os.path.dirname(link), os.fsdecode(next(self._read([tree[link]]))))  # noqa: PTH118, PTH120
            name = os.path.normpath(leads + name.removeprefix(link))
        return None

    def files_at(self, revision: str, below: Path, called: str) -> list[Path]:
        """The files of a name below a folder at a revision, as paths from here."""
        inside = self.name_of(below)
        names = (name for name in within(self._sorted(revision), inside) if name != inside)
        return [Path(os.path.relpath(self.root / name)) for name in names if name.rpartition("/")[2] == called]

    def commit(self, revision: str) -> str:
        """The commit that a revision names. Raises GitError."""
        if revision not in self._commits:
            self._commits[revision] = self._looked_up(revision)
        return self._commits[revision]

    def _looked_up(self, revision: str) -> str:
        if not revision or revision.startswith("-") or not revision.isprintable():
            raise GitError(f"{revision!r} is no revision")
        if len(revision) >= LENGTH and not revision.strip("0"):
            raise GitError(
                f"{revision} is no revision: so GitHub tells of a branch that is new; compare with the branch it began at"
            )
        try:
            return self.repository.git("rev-parse", "--verify", f"{revision}^{{commit}}").decode().strip()
        except GitError as error:
            try:
                self.repository.git("rev-parse", "--verify", "HEAD^{commit}")
            except GitError as none:
                raise GitError(
                    f"{self.root} has no commit yet, so there is nothing to look back to; commit first"
                ) from none
            raise GitError(f"git knows no revision {revision}; in CI, fetch the base branch ({error})") from error

    def _tree(self, revision: str) -> dict[str, Blob]:
        """Every file of a revision, by its path from the root."""
        commit = self.commit(revision)
        if commit not in self._trees:
            lines = os.fsdecode(self.repository.git("ls-tree", "-r", "-z", "--full-tree", commit))
            self._trees[commit] = dict(listed(line) for line in lines.split("\0") if " blob " in line[:16])
        return self._trees[commit]

    def _sorted(self, revision: str) -> list[str]:
        """The names of a revision's files, sorted."""
        commit = self.commit(revision)
        if commit not in self._names:
            self._names[commit] = sorted(self._tree(commit))
        return self._names[commit]

    def _read(self, blobs: Sequence[Blob]) -> Iterator[bytes]:
        """What the files held, in their order, all at once; each is read once."""
        wanted = sorted({blob.name for blob in blobs} - set(self._texts))
        if wanted:
            sizes = dict(map(sized, self._objects("--batch-check", wanted).splitlines()))
            small = [name for name in wanted if sizes[name] < len(TOO_LARGE)]
            self._texts |= dict.fromkeys(wanted, TOO_LARGE)
            self._texts |= zip(small, contents(self._objects("--batch", small), sizes, small), strict=True)
        return (self._texts[blob.name] for blob in blobs)

    def _objects(self, form: str, names: Sequence[str]) -> bytes:
        return self.repository.git("cat-file", form, text="\n".join([*names, ""]).encode())

    def name_of(self, path: Path) -> str:
        """A path below the root with no link followed: what is one now need not have been one then."""
        whole = absolute(path)
        inside = whole if whole.is_relative_to(self.root) else whole.resolve()
        if not inside.is_relative_to(self.root):
            raise GitError(f"{path} is not in {self.root}, so git cannot tell what it was")
        return inside.relative_to(self.root).as_posix()

    # --- a revision's specs -----------------------------------------------------------------------------------------

    def specs_at(
        self, revision: str, config: Config, *, now: Sequence[Document], targets: Iterable[Target]
    ) -> dict[Target, Spec]:
        """The specs of some targets at a revision, wherever their files were: first those that are `now` there, then the
        folder of reconcile.yaml, then all of the tree. A file that is no valid spec gives none."""
        present: dict[str, list[Document]] = {}
        for document in now:
            present.setdefault(self.name_of(Path(document.path)), []).append(document)
        tree = self._tree(revision)
        house = self.name_of(Path(config.path).parent)
        others = [name for name in tree if load.is_spec_name(Path(name).name) and name not in present]
        near = [name for name in others if is_below(name, house)]
        missing = set(targets)
        by_target: dict[Target, Spec] = {}
        for names in (list(present), near, sorted(set(others) - set(near))):
            if missing:
                specs = self._specs(revision, names, present, config, {spec.function for spec in missing})
                by_target = {**{spec.target: spec for spec in specs}, **by_target}
                missing -= set(by_target)
        return by_target

    def specs_in(self, revision: str, config: Config, files: Iterable[str]) -> list[Spec]:
        """What files, as git names them, said at a revision, as far as they were valid specs; of defaults the specs that extended them."""
        names = {name for name in files if load.is_spec_name(Path(name).name)}
        specs = list(self._specs(revision, sorted(names), {}, config, None))
        tree, house = self._tree(revision), self.name_of(Path(config.path).parent)
        said = self._read([blob for name in names if (blob := self._followed(tree, name))])
        if any(DEFAULTS.encode() in text for text in said):
            others = (name for name in tree if is_below(name, house) and name not in names)
            near = sorted(name for name in others if load.is_spec_name(Path(name).name))
            extending = self._specs(revision, near, {}, config, None)
            specs += [
                spec for spec in extending if not names.isdisjoint(self.name_of(Path(path)) for path in spec.extends)
            ]
        return specs

    def _specs(
        self,
        revision: str,
        names: Sequence[str],
        now: Mapping[str, Sequence[Document]],
        config: Config,
        functions: set[str] | None,
    ) -> Iterator[Spec]:
        """What files said at a revision of some functions, or of all. What a file says now is not asked again of the same bytes."""
        tree, defaults = self._tree(revision), self._defaults(revision)
        blobs = {name: blob for name in names if (blob := self._followed(tree, name))}
        is_as_now = cache(partial(self._is_as_now, tree))  # many specs may extend one file
        same = {name for name in blobs if name in now and all(map(is_as_now, _files_of(now[name])))}
        others = [name for name in blobs if name not in same]
        texts = dict(zip(others, self._read([blobs[name] for name in others]), strict=True))
        for name in blobs:
            if name in same:
                for document in now[name]:
                    yield from load.expanded(document, load.targets(document, config, []), config)
            elif name in now or functions is None or not functions.isdisjoint(_words(texts[name])):
                yield from _specs_of(texts[name], os.path.relpath(self.root / name), config, defaults)

    def _defaults(self, revision: str) -> Defaults:
        """The defaults as they stood in a revision."""

        def read(path: str) -> bytes:
            try:
                text = self.file_at(revision, Path(path))
            except GitError as error:
                raise UnreadableFile(str(error)) from error
            if text is None:
                raise UnreadableFile(f"is not in {revision}")
            return text

        commit = self.commit(revision)
        return self._of_defaults.setdefault(commit, Defaults(read))

    def _is_as_now(self, tree: Mapping[str, Blob], path: str) -> bool:
        """Whether a file of now had the same bytes in a tree."""
        blob = self._followed(tree, self.name_of(Path(path)))
        return blob is not None and blob.name == self._now.blob_id(absolute(path))

    # --- who wrote a line -------------------------------------------------------------------------------------------

    def author(self, revision: str, origin: Origin) -> str:
        """Commit and author of a line that is not what it was at a revision; empty where it is, or git cannot tell."""
        if self.names_no_commit:
            return ""
        key = self.commit(revision), origin.path
        if key not in self._lines:
            self._lines[key] = self._written_by(*key)
        return self._lines[key].get(origin.line, "")

    def authors_since(self, revision: str, paths: Iterable[str]) -> list[str]:
        """Commit and author of each change of some files or folders after a revision, newest first."""
        names = sorted({self.name_of(Path(path)) for path in paths})
        if not names or self.names_no_commit:
            return []
        asked = (self.commit(revision), *names)
        if asked not in self._touched:
            self._touched[asked] = self._authors(*asked)
        return self._touched[asked]

    def _authors(self, commit: str, *names: str) -> list[str]:
        uncommitted = [UNCOMMITTED] if any(self._changed(self.commit("HEAD"), name) for name in names) else []
        return [*uncommitted, *self._told(f"{commit}..HEAD", "--", *names).values()]

    def changed(self, revision: str, paths: Iterable[Path]) -> frozenset[str]:
        """The files at or below some paths that are others than at a revision, came or went, as git names them."""
        commit = self.commit(revision)
        return frozenset(name for path in paths for name in self._changed(commit, self.name_of(path)))

    def has_moved(self, revision: str, path: str, is_packed: Callable[[str], bool]) -> bool | None:
        """Whether a file, or what is packed of a folder, is another than at a revision; None when git holds nothing of it."""
        name = self.name_of(Path(path))
        if not self._now.tracks(name) and not within(self._sorted(revision), name):
            return None
        moved = self._changed(self.commit(revision), name)
        return any(file == name or is_packed(file.removeprefix(f"{name}/")) for file in moved)

    def _changed(self, commit: str, name: str) -> list[str]:
        """The files at or below a path whose bytes are not those of a commit, new ones included that git does not ignore."""
        tree = self._tree(commit)
        return [
            file
            for file in self._now.touched(commit, name)
            if file not in tree or tree[file].name != self._now.blob_id(self.root / file)
        ]

    def _written_by(self, since: str, path: str) -> dict[int, str]:
        """By lines, who wrote them after a commit. Of many files git is asked at once who touched them."""
        name = self.name_of(Path(path))
        touch = self._touches(since).get(name) if len(self._lines) >= ASKED_ALONE else None
        if touch is None or touch.after != self._now.blob_id(self.root / name):
            return self._blamed(since, name)
        texts = [self._texts[blob] if blob else b"" for blob in (touch.before, touch.after)]
        lines = None if TOO_LARGE in texts else new_lines(*texts)
        author = self._commits_after(since)[touch.commit]
        return self._blamed(since, name) if lines is None else dict.fromkeys(lines, author)

    def _touches(self, since: str) -> Mapping[str, Touch]:
        """The specs that one commit alone touched after another one, whose texts are read then; none where git cannot tell."""
        if since not in self._touched_once:
            with suppress(GitError):
                self._touched_once[since] = self._found_touched(since)
        return self._touched_once.setdefault(since, {})

    def _found_touched(self, since: str) -> Mapping[str, Touch]:
        touched = touched_once(self.repository, [*self._commits_after(since)])
        touches = {name: touch for name, touch in touched.items() if load.is_spec_name(Path(name).name)}
        blobs = {blob for touch in touches.values() for blob in (touch.before, touch.after) if blob}
        self._read([Blob("", blob) for blob in sorted(blobs)])
        return touches

    def _blamed(self, since: str, name: str) -> dict[int, str]:
        """What is older is not looked through, however long the history is."""
        authors: dict[int, str] = {}
        try:
            entries = self._gitpython.blame_incremental(f"^{since}", name, no_textconv=True, no_ignore_revs_file=True)
            for entry in entries:
                commit = entry.commit
                if not set(commit.hexsha) - {"0"}:
                    authors |= dict.fromkeys(entry.linenos, UNCOMMITTED)
                elif commit.hexsha in self._commits_after(since):
                    authors |= dict.fromkeys(entry.linenos, self._commits_after(since)[commit.hexsha])
        except (GitError, _refused(), ValueError):
            return {}
        return authors

    def _commits_after(self, commit: str) -> Mapping[str, str]:
        """Those that HEAD has and a commit has not, newest first, with their authors."""
        if commit not in self._later:
            self._later[commit] = self._told(f"{commit}..HEAD")
        return self._later[commit]

    def _told(self, *words: str) -> dict[str, str]:
        printed = os.fsdecode(self.repository.git("rev-list", "--format=%H%x09%an", *words))
        entries = (line.partition("\t") for line in printed.split("\n") if "\t" in line)
        return {name: f"{name[:SHORT]} {author}" for name, _, author in entries}

    @cached_property
    def _gitpython(self) -> Repo:
        """GitPython on this repository: it looks for none, and each of its commands goes our way."""
        with closed_environment():
            import git

        ours = self.repository

        class Program(git.Git):
            def execute(self, command: Any, *_: Any, stdout_as_string: bool = True, **__: Any) -> Any:
                printed = ours.git(*command[1:])
                return os.fsdecode(printed) if stdout_as_string else printed

        class Closed(git.Repo):
            GitCommandWrapperType = Program

        return Closed(str(ours.git_dir), expand_vars=False)


def _files_of(documents: Iterable[Document]) -> Iterator[str]:
    return (path for document in documents for path in document.files)


def _words(text: bytes) -> set[str]:
    """What could be a function's name in a text, in one pass over it."""
    return {word.decode() for word in re.findall(rb"[A-Za-z0-9_-]+", text)}


def _specs_of(text: bytes, path: str, config: Config, defaults: Defaults) -> list[Spec]:
    try:
        return load.specs_of(strict_yaml.parse(text, path), config, defaults)
    except SpecError:
        return []
