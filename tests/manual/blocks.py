"""Pages of markdown as the commands in them, and what comes of running those. What counts as the same is said here alone."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from unittest.mock import patch

from pytest import MonkeyPatch

from reconciler.cli import main
from reconciler.sandbox import Sandbox
from tests.conftest import REGION, House, opened
from tests.manual import scenes

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "reconciler" / "manual").glob("*.md")))

# What no two runs say alike, or no two releases, by name.
VOLATILE = {
    "report": r"[0-9]{8}T[0-9]{12}Z-[0-9a-f]{12}",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+]0000)",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    "digest": r"\b[0-9a-f]{64}\b",
    "run": r"(?<=run )[0-9a-f]{12}\b|(?<=unlock )[0-9a-f]{12}\b|(?<=Run )[0-9a-f]{12}\b",
    "duration": r"\b[0-9]+\.[0-9]+ s\b|\b[0-9]+ s\b",
    "looks": r"\b[0-9]+ looks?\b",
    "milliseconds": r"\b[0-9]{13}\b",
    "commit": r"\b[0-9a-f]{10}(?= [A-Z])",
    "holder": r"(?<=error: )\S+@\S+(?= holds)",
    "image or code": r"[A-Za-z0-9+/]{43}=",
}
SHORTEST_NAME = 12  # characters; what is shorter, such as a duration, names nothing
_VOLATILE = re.compile("|".join(f"(?:{pattern})" for pattern in VOLATILE.values()))
_MARK = re.compile(
    r"^<!-- (?P<verb>story|then): (?P<scene>\w+) -->$"
    r"|^(?P<fence>```+)(?P<language>\w+)(?: (?P<file>\S+))?\n(?P<body>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
# A blank line before the next command is the page's own.
_COMMAND = re.compile(r"^\$ (?P<command>.*)\n(?P<output>(?:(?!\n?\$ ).*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """A command of a page: what it says, what it said now, and where in the page that stands."""

    command: str
    shown: str
    said: str
    start: int
    line: int

    @property
    def is_true(self) -> bool:
        return likeness(self.shown).fullmatch(self.said) is not None


def likeness(shown: str) -> re.Pattern[str]:
    """A pattern of every output that a page's text stands for; its groups are what differs from run to run."""
    return re.compile("".join(map(_line, shown.splitlines())))


def _line(line: str) -> str:
    if line == "…":
        return "(?:.*\n)*?"
    pieces, end = [], 0
    for found in _VOLATILE.finditer(line):
        pieces += [_text(line[end : found.start()]), f"({_kind(found[0])})"]
        end = found.end()
    return "".join([*pieces, _text(line[end:]), "\n"])


def _text(text: str) -> str:
    return ".*".join(map(re.escape, text.split("…")))


def _kind(value: str) -> str:
    """The pattern without what must stand around it, which the line's own text says."""
    bare = (re.sub(r"\(\?<?=.*?\)|\\b", "", pattern) for pattern in VOLATILE.values())
    return next(f"(?:{pattern})" for pattern in bare if re.fullmatch(pattern, value))


@dataclass
class Terminal:
    """Where a page's commands run: the house of the present story, the last exit code, and what the page calls volatile things."""

    folder: Path
    stack: ExitStack
    house: House | None = None
    exit_code: int = 0
    names: dict[str, str] = field(default_factory=dict)
    stories: int = 0

    def begin(self, scene: str) -> None:
        self.stack.close()
        self.stories += 1
        sandbox = self.stack.enter_context(opened(self.stack.enter_context(MonkeyPatch.context()), scenes.Clock()))
        self.stack.enter_context(_leading_to(sandbox))
        self.house = House(self.folder / str(self.stories), sandbox)
        self.house.root.mkdir(parents=True)
        self.stack.enter_context(contextlib.chdir(self.house.root))
        getattr(scenes, scene)(self.house)

    def present_house(self) -> House:
        if not self.house:
            self.begin("examples")
        assert self.house
        return self.house

    def write(self, file: str, text: str) -> None:
        house = self.present_house()
        if file.startswith("specs/"):
            house.write(file.removeprefix("specs/"), text)
        else:
            (house.root / file).write_text(text, encoding="utf-8")

    def run(self, line: str) -> str:
        """What the command prints. Raises AssertionError where the convention has no such command."""
        self.present_house()
        words = self._words(line)
        if words == ["echo", "$?"]:
            return f"{self.exit_code}\n"
        variables = {}
        while words and re.match(r"[A-Z_]+=", words[0]):
            name, _, variables[name] = words.pop(0).partition("=")
        assert words[:1] == ["reconcile"], f"only `reconcile` and `echo $?` are run, not: {line}"
        self.exit_code, text = _said(words, variables)
        for name, value in self.names.items():
            text = text.replace(value, name)
        return text

    def _words(self, line: str) -> list[str]:
        for name, value in self.names.items():
            line = line.replace(name, value)
        return shlex.split(line, comments=True)

    def remember(self, example: Example) -> None:
        """What later commands call by the names that the page shows, line by line: others may not be true any more."""
        rest = example.said.splitlines()
        for line in (one for one in example.shown.splitlines() if one != "…"):
            alike = ((at, likeness(line).fullmatch(f"{one}\n")) for at, one in enumerate(rest))
            at, found = next(((at, found) for at, found in alike if found), (-1, None))
            if found:
                pairs = zip(_VOLATILE.findall(line), found.groups(), strict=True)
                self.names.update((name, value) for name, value in pairs if len(value) >= SHORTEST_NAME)
            rest = rest[at + 1 :]


def _said(words: list[str], variables: dict[str, str]) -> tuple[int, str]:
    """The exit code of the command line in this process, and what a terminal shows of it."""
    if "--" in words:
        return _said_apart(words)
    screen = io.StringIO()
    try:
        with (
            patch.object(sys, "argv", words),
            patch.dict(os.environ, variables),
            contextlib.redirect_stdout(screen),
            contextlib.redirect_stderr(screen),
        ):
            main()
    except SystemExit as ended:
        return int(ended.code or 0), screen.getvalue()


def _said_apart(words: list[str]) -> tuple[int, str]:
    """The same of a sandbox with a command in it: processes of their own, for what is around Lambda is there once a process."""
    cut = words.index("--") + 1
    program = [sys.executable, "-m", "reconciler"]
    ran = subprocess.run(
        [*program, *words[1:cut], *program, *words[cut + 1 :]], env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout


@contextmanager
def _leading_to(sandbox: Sandbox) -> Iterator[None]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "RECONCILE_", "GIT_"))}
    with patch.dict(os.environ, {**kept, **sandbox.environment(REGION)}, clear=True):
        yield


def performed(text: str, folder: Path) -> Iterator[Example]:
    """Each command of a page with what it says now, one after the other, in scratch houses below the folder."""
    with ExitStack() as stack:
        terminal = Terminal(folder, stack)
        for mark in _MARK.finditer(text):
            if mark["verb"] == "story":
                terminal.begin(mark["scene"])
            elif mark["verb"] == "then":
                getattr(scenes, mark["scene"])(terminal.present_house())
            elif mark["file"]:
                terminal.write(mark["file"], mark["body"])
            elif mark["language"] == "console":
                yield from _block(terminal, text, mark)


def _block(terminal: Terminal, text: str, mark: re.Match[str]) -> Iterator[Example]:
    assert mark["body"].startswith("$ "), f"a console block begins with a command: {mark['body']}"
    for found in _COMMAND.finditer(mark["body"]):
        start = mark.start("body") + found.start("output")
        line = text.count("\n", 0, start)
        example = Example(found["command"], found["output"], terminal.run(found["command"]), start, line)
        terminal.remember(example)
        yield example


def rewritten(text: str, folder: Path) -> str:
    """The page as its commands make it true."""
    for example in reversed([one for one in performed(text, folder) if not one.is_true]):
        end = example.start + len(example.shown)
        text = text[: example.start] + mended(example.shown, example.said) + text[end:]
    return text


def mended(shown: str, said: str) -> str:
    """What is said now, cut with `…` where the page cuts it; whole where a line of the page is not found again."""
    rest, kept = said.splitlines(), []
    for line in shown.splitlines():
        if line == "…":
            kept.append(line)
            continue
        nearest = _nearest(line, rest)
        if nearest is None:
            return said
        kept.append(line if likeness(line).fullmatch(f"{nearest}\n") else nearest)
        rest = rest[rest.index(nearest) + 1 :]
    cut = "".join(f"{line}\n" for line in kept)
    return cut if "…" in kept and likeness(cut).fullmatch(said) else said


def _nearest(line: str, lines: list[str]) -> str | None:
    same = (one for one in lines if likeness(line).fullmatch(f"{one}\n"))
    return next(same, None) or next(iter(get_close_matches(line, lines, n=1)), None)
