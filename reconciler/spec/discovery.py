"""Which files below the given paths are specs. Reads YAML files, `.reconcileignore`, and nothing else.

A file that a folder holds is a spec when its keys say so (`is_spec`); another one is passed over and named, once, for an
overlooked spec is a function that looks dropped. What somebody names on the command line is a spec, or a mistake.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pathspec import GitIgnoreSpec

from reconciler.core.errors import Fault, SpecError
from reconciler.core.model import Origin
from reconciler.files import ignoring, strict_yaml
from reconciler.files.strict_yaml import Document
from reconciler.files.tree import real_path
from reconciler.files.validation import SEED_WORDS, load_schema
from reconciler.spec.config import FILE_NAME, IS_A_FILE_OF_THE_TREE, text_of

IGNORE_FILE = ".reconcileignore"
DEFAULTS = "defaults"
FEW = 2  # keys of a spec that make a file without `function` look like one that lost it


@dataclass(frozen=True, slots=True)
class Found:
    """The documents of specs, those of defaults, and the files that are neither, each with the reason."""

    specs: list[Document] = field(default_factory=list)
    defaults: list[Document] = field(default_factory=list)
    others: list[Fault] = field(default_factory=list)


def discovered(paths: Sequence[Path], root: Path | None, faults: list[Fault]) -> Found:
    """What there is below `paths`. `.reconcileignore` of `root`, the folder of reconcile.yaml, leaves files of a folder out. What cannot
    be read is added to `faults`. Raises SpecError as `spec_files` does, and where there is no spec."""
    named = {path.absolute() for path in paths}
    found = Found()
    for path in spec_files(paths, root):
        try:
            document = read(path)
        except SpecError as error:
            faults += error.faults
            continue
        if is_defaults(document.value):
            found.defaults.append(document)
        elif is_spec(document.value) or path.absolute() in named:
            found.specs.append(document)
        else:
            reason = f"is no spec{_opening(document.value)}; name it in {IGNORE_FILE}"
            found.others.append(Fault(Origin(str(path)), reason))
    if not found.specs and not faults:
        none = [_fault(other.origin, f"{other.message}, and there is no other file") for other in found.others]
        of_none = "has defaults, and no spec is read that extends them; name the specs, or their folder"
        none += [_fault(Origin(file.path), of_none) for file in found.defaults]
        if none:
            raise SpecError(none)
    return found


def is_defaults(value: Any) -> bool:
    """Whether a document says what others extend: it begins with `defaults: NAME`, and is of no function itself."""
    is_named = isinstance(value, dict) and next(iter(value), "") == DEFAULTS and isinstance(value[DEFAULTS], str)
    return is_named and not {"function", "layer"} & value.keys()


def is_spec(value: Any) -> bool:
    """Whether a document means to be a spec: it has `function`, or something like it, begins with `layer`, or has other keys that only specs have;
    nothing at all, or a bare text, may be one that went wrong."""
    if isinstance(value, list):
        return any(isinstance(item, dict) and "function" in item for item in value)
    if not isinstance(value, dict):
        return True
    keys = [str(key) for key in value]
    if "function" in keys or keys[:1] == ["layer"]:
        return True
    ours = load_schema("function")["properties"] | load_schema("layer")["properties"]
    familiar = [key for key in keys if key in ours or re.sub(r"[^a-z0-9]", "", key.lower()) in SEED_WORDS]
    meant = get_close_matches("function", [key.lower() for key in keys], n=1, cutoff=0.8)
    return len(familiar) >= FEW or (bool(meant) and bool(familiar))


def _wrong(path: object, message: str) -> SpecError:
    return SpecError([_fault(Origin(str(path)), message)])


def _fault(origin: Origin, message: str) -> Fault:
    return Fault(origin, IS_A_FILE_OF_THE_TREE.ends(message))


def _opening(value: Any) -> str:
    first = next(iter(value), None) if isinstance(value, dict) else None
    return f": its first key is {first!r}, and a spec's is function or layer" if first is not None else ": it is a list"


def _ignored(root: Path | None) -> GitIgnoreSpec | None:
    """What `.reconcileignore` leaves out; None without one. Raises SpecError when it cannot be read."""
    file = root / IGNORE_FILE if root else None
    if file is None or not (file.exists() or file.is_symlink()):
        return None
    try:
        if file.is_symlink() or not file.is_file() or file.stat().st_size > strict_yaml.MAX_BYTES:
            raise _wrong(file, "is a link, no regular file, or too large; write it as a plain file")
        return ignoring.ignored((), file.read_text(encoding="utf-8-sig").splitlines(), ())
    except (OSError, ValueError) as error:  # not to be read, not UTF-8, or no pattern
        raise _wrong(file, f"cannot be read: {error}") from error


def spec_files(paths: Sequence[Path], root: Path | None = None) -> list[Path]:
    """YAML files below the paths, sorted; names that begin with a dot are passed over. Raises SpecError for a path that
    is not there, a folder without a spec, and a link that leads out of its folder."""
    files: list[Path] = []
    ignored = _ignored(root)
    several = [path for path in paths if path.name != FILE_NAME or not path.is_file()]  # as a shell's *.yaml gives them
    for path in several or paths:
        try:
            files += _specs_of(path, root, ignored)
        except OSError as error:
            raise _wrong(path, f"cannot be read: {error.strerror}") from error
    return list({path.absolute(): path for path in reversed(files)}.values())[::-1]


def _specs_of(path: Path, root: Path | None, ignored: GitIgnoreSpec | None) -> list[Path]:
    """The spec files that one given path stands for."""
    if path.is_file() and path.name == FILE_NAME:
        raise _wrong(path, "is the configuration; name a spec file or a folder of specs")
    if path.is_file():
        return [path]
    if path.is_dir():
        below = path if root is None else Path(os.path.relpath(path.resolve(), root.resolve()))
        inside = sorted(_yaml_below(path, below, ignored))
        if not inside:
            raise _wrong(path, "has no spec; write one as a .yaml file with `function`, `account` and `region`")
        return inside
    wrong = "is neither a file nor a folder" if path.exists() else "does not exist"
    raise _wrong(path, f"{wrong}; name a spec file or a folder of specs")


def _yaml_below(root: Path, below: Path, ignored: GitIgnoreSpec | None) -> Iterator[Path]:
    """`below` is `root` as the patterns see it. Never passes over in silence what could hold a spec: an overlooked spec is a function that
    looks dropped."""
    inside = real_path(root)
    for folder, folders, files in os.walk(root, onerror=_unreadable):
        here = below / Path(folder).relative_to(root)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and not (ignored and ignored.match_file(f"{(here / name).as_posix()}/"))
        ]
        names = [name for name in files if not (ignored and ignored.match_file((here / name).as_posix()))]
        for name in (*folders, *names):
            path = Path(folder, name)
            is_spec = is_spec_name(name)
            if path.is_symlink() and (is_spec or path.is_dir()) and not real_path(path).is_relative_to(inside):
                raise _wrong(path, f"is a link that leads out of {root}; put the thing itself there")
            if is_spec and name in names:
                yield path


def is_spec_name(name: str) -> bool:
    return name.lower().endswith((".yaml", ".yml")) and name != FILE_NAME and not name.startswith(".")


def _unreadable(error: OSError) -> None:
    raise _wrong(error.filename, f"cannot be read: {error.strerror}") from error


def read(path: Path) -> Document:
    return strict_yaml.parse(text_of(path), str(path))
