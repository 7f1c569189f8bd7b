"""What is packed of a directory: each file and link with the name that it gets, and nothing that lies outside.

A link stays a link where what it leads to in the end is packed as well, and leads straight there. What `.lambdaignore` leaves out
at its own place is packed at the link's instead, a directory with all below it. Opens no file but `.lambdaignore`.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from reconciler.core.errors import Fault, SpecError
from reconciler.core.model import Origin
from reconciler.files.ignoring import ignored
from reconciler.files.reading import TooLarge, UnreadableFile, contents

IGNORE_FILE = ".lambdaignore"
IGNORED_ALWAYS = ("__pycache__/", "*.py[co]")  # differ from machine to machine; a later line may take one back
NEVER_PACKED = ".git"  # at any depth, folder or file: it holds what was ever committed, and with it what was taken out
MAX_ENTRIES = 65_000
MAX_IGNORE_BYTES = 1 << 20
MOST_LINKS = 40  # one leading to a directory that holds the next: where Linux gives up as well
MOST_FOLLOWED = 1_000  # links to directories that are left out; each may bring in all of the others


@dataclass(frozen=True, slots=True)
class Entry:
    """A file by its name in the package; or a link, with where it leads from the folder that it is in."""

    name: str
    path: Path
    link: str = ""


def real_path(path: Path) -> Path:
    """The path without links; a link to itself, which Path.resolve cannot bear, stays what it is."""
    return Path(os.path.realpath(path))


def absolute(path: str | Path) -> Path:
    """The path from the root on, no link followed: two names are two files, as to git."""
    return Path(os.path.abspath(path))  # noqa: PTH100


def local_path(file: str, written: str) -> str:
    """A path that is written in a file, relative to that file, as one that can be opened from here."""
    steps: list[str] = []
    for step in (*Path(file).parent.parts, *Path(written).parts):
        if step == ".." and steps and steps[-1] not in ("..", "/"):
            steps.pop()
        elif step != ".":
            steps.append(step)
    return str(Path(*steps))


def entries(root: Path, origin: Origin) -> list[Entry]:
    """What is packed of a directory, sorted by name. Raises SpecError for what cannot be packed truthfully."""
    return sorted(_Packing(root, origin).whole(), key=lambda entry: entry.name)


def packs(path: str) -> Callable[[str], bool]:
    """Whether a name below a directory would be packed, at its own place or a link's; a change of what leaves names out counts as
    one of what is in."""
    root = Path(path)
    try:
        packing = _Packing(root, Origin(path)) if root.is_dir() else None
        for _ in packing.whole() if packing else ():  # so that it knows what links lead to
            continue
    except (SpecError, OSError):  # told elsewhere
        packing = None
    return packing.may_pack if packing else lambda _: True


def fault(origin: Origin, message: str) -> SpecError:
    return SpecError([Fault(origin, message)])


@dataclass(frozen=True, slots=True)
class _Place:
    """A directory that is packed under a name, `at` which a link led to it: what of it is packed, files and folders by their names
    in the package."""

    real: Path
    name: str
    at: Path
    files: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)

    def named(self, goal: Path) -> str | None:
        """The name in the package of what lies in here; None for what is not packed at this place."""
        if not goal.is_relative_to(self.real):
            return None
        name = "/".join(filter(None, (self.name, *goal.relative_to(self.real).parts)))
        return name if name in self.files or name in self.folders else None


class _Packing:
    def __init__(self, root: Path, origin: Origin) -> None:
        self.root, self.origin, self.inside = root, origin, real_path(root)
        self._left_out = self._ignored()
        self._led_to: set[Path] = set()  # by links, and packed in their places
        self._count = self._followed = 0

    def whole(self) -> Iterator[Entry]:
        return self._placed(self.inside, "", self.inside, ())

    def may_pack(self, name: str) -> bool:
        """Once the whole was walked through: whether a name below the directory, which need not be there, would be packed."""
        if name == IGNORE_FILE or not self._left_out.match_file(name):
            return True
        return any((self.inside / name).is_relative_to(goal) for goal in self._led_to)

    def _placed(self, real: Path, name: str, at: Path, above: Sequence[_Place]) -> Iterator[Entry]:
        """All that is packed of a directory: its files, then its links, which know by then what is there."""
        place, links = _Place(real, name, at), list[Entry]()
        for entry, is_link in self._walked(real, name):
            if is_link:
                links.append(entry)
            if not is_link or not entry.path.is_dir():
                place.files.add(entry.name)
                place.folders.update(_folders(entry.name))
            if not is_link:
                yield entry
        for link in links:
            yield from self._link(link, (*above, place))

    def _link(self, entry: Entry, places: Sequence[_Place]) -> Iterator[Entry]:
        goal, shown = real_path(entry.path), self._shown(entry.name)
        named = next((name for place in reversed(places) if (name := place.named(goal)) is not None), None)
        if named is not None:
            leads = posixpath.relpath(f"/{named}", posixpath.dirname(f"/{entry.name}"))
            yield Entry(entry.name, entry.path, leads)
            return
        self._led_to.add(goal)
        if not goal.is_dir():
            yield entry
        elif any(at.is_relative_to(goal) for at in (entry.path.parent, *(place.at for place in places))):
            raise fault(self.origin, f"{shown} is a link to a directory that it is in; name it in {IGNORE_FILE}")
        elif len(places) > MOST_LINKS:
            raise fault(self.origin, f"{shown} leads on through more than {MOST_LINKS} links; name it in {IGNORE_FILE}")
        else:
            self._followed += 1
            if self._followed > MOST_FOLLOWED:
                wrong = f"has more than {MOST_FOLLOWED:,} links to directories that are left out"
                raise fault(self.origin, f"{self.root} {wrong}; name them in {IGNORE_FILE} as well")
            yield from self._placed(goal, entry.name, entry.path.parent, places)

    def _walked(self, real: Path, name: str) -> Iterator[tuple[Entry, bool]]:
        """Files and links below a real directory, each with whether it is a link; no link is followed."""
        folders = [(real, name)]
        while folders:
            folder, below = folders.pop()
            self._counted()
            for item in sorted(os.scandir(folder), key=lambda item: item.name):
                path, inner = Path(item.path), _joined(below, self._text(item.name))
                is_dir = path.is_dir() if item.is_symlink() else item.is_dir()
                if item.name.casefold() == NEVER_PACKED or self._left_out.match_file(f"{inner}/" if is_dir else inner):
                    continue
                self._check(item, path, inner)
                if is_dir and not item.is_symlink():
                    folders.append((path, inner))
                else:
                    self._counted()
                    yield Entry(inner, path), item.is_symlink()

    def _counted(self) -> None:
        """Folders count as files do: links can bring in more of both than there are."""
        self._count += 1
        if self._count > 2 * MAX_ENTRIES:
            raise fault(
                self.origin, f"{self.root} is more than {MAX_ENTRIES:,} files; leave some out with {IGNORE_FILE}"
            )

    def _check(self, item: os.DirEntry[str], path: Path, name: str) -> None:
        if item.is_symlink():
            self._check_link(path, self._shown(name))
        elif not item.is_dir() and not stat.S_ISREG(item.stat().st_mode):
            raise fault(self.origin, f"{self._shown(name)} is not a regular file; name it in {IGNORE_FILE}")

    def _check_link(self, path: Path, shown: str) -> None:
        """Raises SpecError for a link that leads out, to nothing, or to what is no file."""
        goal = real_path(path)
        if not goal.is_relative_to(self.inside):
            wrong = f"is a link that leads out of {self.root}; copy the file"
        elif NEVER_PACKED in (step.casefold() for step in goal.relative_to(self.inside).parts):
            wrong = f"is a link into {NEVER_PACKED}, which is never packed; take it out"
        elif not path.exists():
            wrong = "is a link to nothing; take it out"
        elif not path.is_dir() and not stat.S_ISREG(path.stat().st_mode):
            wrong = "is a link to what is not a regular file; take it out"
        else:
            return
        raise fault(self.origin, f"{shown} {wrong}, or name it in {IGNORE_FILE}")

    def _shown(self, name: str) -> str:
        return str(self.root / name)

    def _text(self, name: str) -> str:
        """A file's name as UTF-8 has it, whatever the locale made of it."""
        try:
            return os.fsencode(name).decode("utf-8")
        except UnicodeDecodeError as error:
            raise fault(self.origin, f"the file name {name!r} is not UTF-8; rename it") from error

    def _ignored(self) -> GitIgnoreSpec:
        file = self.root / IGNORE_FILE
        if file.is_symlink():
            self._check_link(file, str(file))
        try:
            text = contents(file, MAX_IGNORE_BYTES) if file.exists() else b""
        except TooLarge as error:
            wrong = f"cannot be read: has more than {MAX_IGNORE_BYTES:,} bytes"
            raise fault(self.origin, f"{file} {wrong}") from error
        except UnreadableFile as error:
            raise fault(self.origin, f"{file} {error}") from error
        try:
            lines = text.decode("utf-8-sig").splitlines()
            return ignored(IGNORED_ALWAYS, lines, [f"/{IGNORE_FILE}"])
        except ValueError as error:  # not UTF-8, or a line that git would not read either
            raise fault(self.origin, f"{file} cannot be read: {error}") from error


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _folders(name: str) -> Iterator[str]:
    """The folders that a name stands in, the whole last."""
    while name:
        name = name.rpartition("/")[0]
        yield name
