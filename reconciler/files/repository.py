"""The git repository that holds some specs, and the only place where git is started.

What a pull request can fill is data: a folder rules only as a real `.git` above the specs, git runs with a closed
environment and is told every setting that could start a program, and nobody else looks for a repository.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from reconciler.core.errors import GitError

ENTRY = ".git"
PARTS = ("HEAD", "objects", "refs")  # what a git directory has; a linked work tree's has `commondir` instead
POINTER = b"gitdir:"
LARGEST_POINTER_BYTES = 4096
SECONDS = 300

# What could start a program, ask a person, touch the network or read a file of the tree is told not to, above any
# configuration: settings of the command line win over those of every file. An empty value is "none" to all versions.
SETTINGS = (
    "core.fsmonitor=", f"core.hooksPath={os.devnull}", f"core.attributesFile={os.devnull}", f"core.excludesFile={os.devnull}",
    "core.untrackedCache=false", "core.splitIndex=false", "core.pager=cat", "core.askPass=", "core.sshCommand=", "core.gitProxy=", "credential.helper=",
    "diff.external=", "color.ui=false", "protocol.allow=never", "safe.bareRepository=explicit",
    "submodule.recurse=false", "gc.auto=0", "maintenance.auto=false",
)  # fmt: skip
CLOSED = {
    "LC_ALL": "C", "HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_ALLOW_PROTOCOL": "none",
    "GIT_LITERAL_PATHSPECS": "1",
}  # fmt: skip
SYSTEM = ("SYSTEMROOT", "COMSPEC", "PATHEXT", "TEMP", "TMP")  # without which no program starts on Windows
# Whom a repository may belong to is what its user says, in files and variables that no pull request fills; it is asked
# once, by a command that only prints where the repository is.
TRUST = ("HOME", "XDG_CONFIG_HOME", "SUDO_UID", "GIT_TEST_ASSUME_DIFFERENT_OWNER")
TRUST_SETTINGS = "GIT_CONFIG"
WHO_SETTINGS = (TRUST_SETTINGS, "GIT_AUTHOR_", "GIT_COMMITTER_", "EMAIL")
NO_VARIABLES: Mapping[str, str] = {}


@dataclass(frozen=True)
class Repository:
    """A work tree and its git directory, links followed; `names_by` is the hash that names its objects."""

    root: Path
    git_dir: Path
    is_shallow: bool
    names_by: str

    def git(self, *words: str, text: bytes = b"", variables: Mapping[str, str] = NO_VARIABLES) -> bytes:
        """What a git command prints. Raises GitError with what git says."""
        return _git(self.root, words, {**CLOSED, **self._directories, **self._without_filters, **variables}, text)

    def identity(self) -> dict[str, str]:
        """Who commits here, as variables of git: what its user says in files and variables that no pull request fills. Raises GitError
        where nobody does."""
        said = {name: value for name, value in os.environ.items() if name in TRUST or name.startswith(WHO_SETTINGS)}
        found: dict[str, str] = {}
        for role in ("AUTHOR", "COMMITTER"):
            try:
                ident = os.fsdecode(
                    _git(self.root, ("var", f"GIT_{role}_IDENT"), {"LC_ALL": "C", **said, **self._directories})
                )
            except GitError as error:
                message = "git knows no name for who commits; git config --global user.name NAME, and user.email"
                raise GitError(f"{self.root}: {message}") from error
            name, _, rest = ident.rpartition(" <")
            found |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": rest.partition(">")[0]}
        return found

    def tracks_below(self, folder: Path) -> bool:
        """Whether the index names a file in a folder of the work tree; a submodule is named itself."""
        inside = folder.relative_to(self.root).as_posix() + "/"
        names = self.git("ls-files", "-z", "--", inside).split(b"\0")
        return any(os.fsdecode(name).startswith(inside) for name in names)

    @cached_property
    def _directories(self) -> dict[str, str]:
        return {"GIT_DIR": str(self.git_dir), "GIT_WORK_TREE": str(self.root)}

    @cached_property
    def _without_filters(self) -> dict[str, str]:
        """Each filter that any configuration names, as none: attributes, which are the tree's, could ask for it."""
        listed = _git(self.root, ("config", "--list", "--name-only", "-z"), {**CLOSED, **self._directories})
        names = {os.fsdecode(name) for name in listed.split(b"\0") if name.lower().startswith(b"filter.")}
        drivers = sorted({name.rpartition(".")[0] for name in names})
        pairs = [(f"{driver}.{key}", "") for driver in drivers for key in ("clean", "smudge", "process")]
        pairs += [(f"{driver}.required", "false") for driver in drivers]
        variables = {"GIT_CONFIG_COUNT": str(len(pairs))}
        for number, (key, value) in enumerate(pairs):
            variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return variables


def git_version() -> str:
    """As in 2.39.5. Raises GitError when there is no git."""
    return _git(Path(os.path.sep), ("--version",), CLOSED).decode(errors="replace").removeprefix("git version").strip()


def repository(folder: Path) -> Repository:
    """The repository whose work tree holds a folder. Raises GitError, with what git says, when there is none to be used."""
    candidates = _candidates(folder)
    if not candidates:
        raise GitError(f"{folder} is in no git work tree")
    *around, nearest = candidates
    for root, git_dir in around:
        try:
            outer = _opened(root, git_dir)
        except GitError:  # somebody else's, or damaged: it cannot say that the folder is part of it
            continue
        if outer.tracks_below(nearest[0]):
            return outer
    return _opened(*nearest)


def _candidates(folder: Path) -> list[tuple[Path, Path]]:
    """(work tree, git directory) of each real `.git` at or above a folder, outermost first. A link in a work tree leads to
    no other, or whoever may commit one would say what has been."""
    written = Path(os.path.abspath(folder))  # noqa: PTH100
    return _candidates_above(written) or _candidates_above(written.resolve())


def _candidates_above(start: Path) -> list[tuple[Path, Path]]:
    """One that a commit can have put there is none: git tracks nothing that is named `.git`, or is outside its tree."""
    candidates: list[tuple[Path, Path]] = []
    for folder in (*reversed(start.parents), start):
        if candidates and folder.is_symlink():
            break
        root = folder.resolve()
        git_dir = _git_dir(root / ENTRY)
        trees = [root, *(outer for outer, _ in candidates)]
        if git_dir and _is_git_dir(git_dir) and all(_is_apart(git_dir, tree) for tree in trees):
            candidates.append((root, git_dir))
    return candidates


def is_work_tree(folder: Path) -> bool:
    """Whether a folder has a `.git`: a folder of that name, or what leads to a real one."""
    entry = folder / ENTRY
    git_dir = _git_dir(entry)
    return git_dir is not None and (
        git_dir == folder.resolve() / ENTRY or (_is_git_dir(git_dir) and _is_apart(git_dir, folder.resolve()))
    )


def _is_apart(git_dir: Path, root: Path) -> bool:
    return not git_dir.is_relative_to(root) or ENTRY in git_dir.relative_to(root).parts


def _opened(root: Path, git_dir: Path) -> Repository:
    """By git's own discovery, which is what asks whether the user trusts the owner."""
    trust = {name: value for name, value in os.environ.items() if name in TRUST or name.startswith(TRUST_SETTINGS)}
    questions = ("--show-toplevel", "--absolute-git-dir", "--is-shallow-repository", "--show-object-format")
    answer = _git(
        root, ("rev-parse", *questions), {"LC_ALL": "C", "GIT_CEILING_DIRECTORIES": str(root.parent), **trust}
    )
    top, directory, shallow, names_by = os.fsdecode(answer).rstrip("\n").rsplit("\n", 3)
    if (Path(top).resolve(), Path(directory).resolve()) != (root, git_dir):
        raise GitError(f"{root}: git takes {directory} with the work tree {top} for its repository, so it is not used")
    return Repository(root, git_dir, shallow == "true", names_by)


def _git_dir(entry: Path) -> Path | None:
    """Where a `.git` says that the git directory is, links followed; None when it says nothing."""
    try:
        facts = entry.stat()
        if stat.S_ISDIR(facts.st_mode):
            return entry.resolve()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_POINTER_BYTES:
            return None
        text = entry.read_bytes()
        written = os.fsdecode(text.removeprefix(POINTER).strip()) if text.startswith(POINTER) else ""
        return (entry.parent / written).resolve() if written else None
    except (OSError, ValueError, RuntimeError):
        return None


def _is_git_dir(folder: Path) -> bool:
    try:
        return stat.S_ISREG((folder / "HEAD").stat().st_mode) and (
            all((folder / name).exists() for name in PARTS) or (folder / "commondir").is_file()
        )
    except OSError:
        return False


# --- the program ----------------------------------------------------------------------------------------------------


@contextmanager
def closed_environment() -> Iterator[None]:
    """This process's own environment closed as git's is, for a library that starts git by itself when it is imported."""
    before = dict(os.environ)
    system = {name: before[name] for name in SYSTEM if name in before}
    closed = {"PATH": _path(), **system, **CLOSED}
    os.environ.clear()
    os.environ.update(closed)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _path() -> str:
    """PATH without what is relative: a program of the folder that is worked in is no program of ours."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())


def _git(folder: Path, words: Sequence[str], environment: Mapping[str, str], text: bytes = b"") -> bytes:
    path = _path()
    program = shutil.which("git", path=path)
    if program is None:
        raise GitError("git is not installed")
    settings = [word for setting in SETTINGS for word in ("-c", setting)]
    system = {name: os.environ[name] for name in SYSTEM if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603  the program is git, the words are ours
            ["git", "--no-pager", *settings, *words],  # noqa: S607  `executable` is whole
            executable=program,
            cwd=folder,
            env={"PATH": path, **system, **environment},
            input=text,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise GitError(f"{folder}: git {words[0]} could not be run: {error}") from error
    if done.returncode:
        raise GitError(f"{folder}: git says: {_reason(done.stderr, words[0])}{_mend(done.stderr, folder)}")
    return done.stdout


def _reason(text: bytes, command: str) -> str:
    """The line that says why, of all that git printed."""
    lines = [line.strip() for line in text.decode("utf-8", "replace").splitlines() if line.strip()]
    first = next((line for line in lines if line.startswith(("fatal: ", "error: "))), lines[0] if lines else "")
    return first.partition(": ")[2] or first or f"nothing, {command} just failed"


def _mend(text: bytes, root: Path) -> str:
    if b"safe.directory" in text:
        return f"; if you trust who owns it: git config --global --add safe.directory {root}"
    if b"promisor" in text:
        return "; nothing is fetched here: fetch all objects before (no --filter)"
    return ""
