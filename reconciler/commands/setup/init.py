"""`reconcile init`: the files that a house of specs begins with.

Asks nobody, runs nothing of the tree, and changes no file that is there; nothing is written through a link. What can be told
offline, the repository's name, is filled in; what cannot, an account's number, is named.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from os.path import lexists
from pathlib import Path

import reconciler
from reconciler.commands.new_files import require_folders, write
from reconciler.commands.output import show, warn
from reconciler.core.errors import GitError
from reconciler.core.foreign import printable
from reconciler.files.reading import UnreadableFile, contents
from reconciler.files.repository import Repository, repository
from reconciler.files.validation import schema_text
from reconciler.spec.root import FILE_NAME, SPECS

CONFIG = f"{SPECS}/{FILE_NAME}"
FIRST_SPEC = f"{SPECS}/hello/hello.yaml"
IGNORED, OWNERS = ".gitignore", ".github/CODEOWNERS"
# Where each template goes.
TEMPLATES: Mapping[str, str] = {
    "reconcile.yaml": CONFIG,
    "hello.yaml": FIRST_SPEC,
    "app.py.txt": f"{SPECS}/hello/src/app.py",
    "workflow.yml": ".github/workflows/reconcile.yml",
    "rollout.yml": ".github/workflows/rollouts.yml",
    "gitignore": IGNORED,
    "CODEOWNERS": OWNERS,
}
# Where else the same may stand already.
ELSEWHERE: Mapping[str, Sequence[str]] = {CONFIG: (FILE_NAME,), OWNERS: ("CODEOWNERS", "docs/CODEOWNERS")}
POLICIES = ".github/policies"
# What stands for the repository, without and with GitHub's ids, and for its default branch.
EXAMPLE, EXAMPLE_WITH_IDS, EXAMPLE_BRANCH = "example/shop", "example@1001/shop@2002", "branches: [main]"
STANDING = "123456789012|us-west-2|shop[-/@]|1{40}|[12]00[12]"  # what stands for something to be written
LARGEST_IGNORE_BYTES = 2**20
REMOTE = re.compile(
    r"(?:[a-z+]+://[^/\s]+/|[^@/\s]+@[^:/\s]+:)(?P<name>[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}?)(?:\.git)?/?"
)
BRANCH = re.compile(r"refs/remotes/origin/(?P<name>[A-Za-z0-9][A-Za-z0-9._/-]{0,99})")


@dataclass(frozen=True, slots=True)
class File:
    """A file that is to be, by its path below the folder; why it is left out, where it is."""

    path: str
    text: str
    left_out: str = ""


def begun(folder: Path) -> None:
    """Write the files, and tell which were written, which were left, and what is to be done next."""
    tree = work_tree(folder)
    name = name_in(said_by_git(tree, "config", "--get", "remote.origin.url"))
    branch = branch_in(said_by_git(tree, "symbolic-ref", "refs/remotes/origin/HEAD"))
    proposed = proposal(folder, filled(templates(), name, branch))
    for file in proposed:
        if not file.left_out:
            write(folder / file.path, file.text)
    shown = [
        f"left   {folder / file.path}: {file.left_out}" if file.left_out else f"wrote  {folder / file.path}"
        for file in proposed
    ]
    show("".join(f"{printable(line)}\n" for line in (*shown, "", *next_steps(folder, name))))
    if tree and tree.root != folder.resolve():
        warn(f"{tree.root} is the root of this repository; GitHub reads workflows and code owners only there")


# --- what is to be -------------------------------------------------------------------------------------------------


def templates() -> Iterator[File]:
    folder = files("reconciler.commands.setup") / "templates"
    for name, path in TEMPLATES.items():
        yield File(path, (folder / name).read_text(encoding="utf-8"))
    for kind in ("config", "function", "layer", "defaults"):
        yield File(f"schemas/{kind}.schema.json", schema_text(kind))
    for policy in policies():
        yield File(f"{POLICIES}/{policy.name}", policy.read_text(encoding="utf-8"))


def policies() -> list[Path]:
    """In the package (wheel), or beside it (checkout)."""
    package = Path(reconciler.__file__).parent
    return sorted((*(package / "policies").glob("*.json"), *(package.parent / POLICIES).glob("*.json")))


def filled(begin: Iterable[File], name: str, branch: str) -> Iterator[File]:
    """With the repository's name and default branch, where they are known; its ids stay to be written."""
    owner, _, own = name.partition("/")
    values = {EXAMPLE: name, EXAMPLE_WITH_IDS: f"{owner}@1001/{own}@2002"} if name else {}
    values |= {EXAMPLE_BRANCH: f"branches: [{branch}]"} if branch else {}
    for file in begin:
        text = file.text
        for stands, value in values.items():
            text = text.replace(stands, value)
        yield File(file.path, text)


def work_tree(folder: Path) -> Repository | None:
    try:
        return repository(folder)
    except GitError:
        return None


def said_by_git(tree: Repository | None, *words: str) -> str:
    """A line; empty where git has none to say."""
    with suppress(GitError):
        return tree.git(*words).decode(errors="replace").strip() if tree else ""
    return ""


def name_in(address: str) -> str:
    """OWNER/REPOSITORY in the address of a remote; empty where it is no forge's."""
    found = REMOTE.fullmatch(address)
    return found["name"] if found else ""


def branch_in(reference: str) -> str:
    found = BRANCH.fullmatch(reference)
    return found["name"] if found else ""


def proposal(folder: Path, begin: Iterable[File]) -> list[File]:
    """The files, with why some are left out. Raises ReportError where one would be written through a link or below a file."""
    has_specs = (folder / SPECS).is_dir() and any((folder / SPECS).iterdir())
    proposed = []
    for file in begin:
        require_folders(folder, file.path)
        there = next((path for path in (file.path, *ELSEWHERE.get(file.path, ())) if lexists(folder / path)), "")
        reason = "it is there" if there == file.path else f"{there} is there" if there else ""
        if not reason and has_specs and file.path.startswith(f"{SPECS}/") and file.path != CONFIG:
            reason = f"{SPECS} is not empty"
        if there == IGNORED:
            reason += lacking(folder / IGNORED, file.text)
        proposed.append(File(file.path, file.text, reason))
    return proposed


def lacking(path: Path, text: str) -> str:
    """Which lines of ours a .gitignore has not."""
    with suppress(UnreadableFile):
        there = set(contents(path, LARGEST_IGNORE_BYTES).decode(errors="replace").split())
        lines = [line for line in text.splitlines() if line.startswith("/") and line not in there]
        return f"; it lacks {' '.join(lines)}" if lines else ""
    return ""


# --- what comes then --------------------------------------------------------------------------------------------------


def next_steps(folder: Path, name: str) -> list[str]:
    where = [f"cd {shlex.quote(str(folder))}"] if folder != Path() else []
    repository_ = "" if name else ", the repository example/shop"
    return [
        "Next:",
        f"# Write yours for account 123456789012, region us-west-2, the functions, roles and buckets shop-…{repository_}, its ids, a commit:",
        *where,
        f"grep -rnE '{STANDING}' {SPECS} .github",
        "reconcile validate",
        f"reconcile sandbox {SPECS} -- sh -c 'reconcile apply --yes && reconcile plan'    # all of it, without an account",
        "reconcile help github    # roles, environments and the rule of the branch",
        "reconcile doctor    # what is still missing",
    ]
