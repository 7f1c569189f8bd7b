"""The handbook that the package carries, and what `reconcile help NAME` prints.

A name is looked for on one shelf after the other: the pages of the manual, its rules, then the commands. A shelf is a function that
tells each of its names with how its text is made, so that looking a name up makes no other text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from importlib.resources import files

import click

Shelf = Mapping[str, Callable[[], str]]

_SCENE = re.compile(r"<!--.*?-->\n?", re.DOTALL)  # what the test that runs the pages must know, and no reader


def pages() -> Shelf:
    """Topic -> the page's markdown."""
    folder = files("reconciler") / "manual"
    topics = sorted(entry.name.removesuffix(".md") for entry in folder.iterdir() if entry.name.endswith(".md"))
    return {topic: _page(topic) for topic in topics}


def _page(topic: str) -> Callable[[], str]:
    file = files("reconciler") / "manual" / f"{topic}.md"
    return lambda: _SCENE.sub("", file.read_text(encoding="utf-8"))


def rules() -> Shelf:
    """Id -> what the page of rules says of it, and of all rules of its group. The page is written from the rules
    themselves, so that none of them must be loaded to be explained."""
    shelf: dict[str, Callable[[], str]] = {}
    for group in re.split(r"^## ", pages()["rules"](), flags=re.MULTILINE)[1:]:
        about, *sections = re.split(r"^### ", group, flags=re.MULTILINE)
        shelf |= {section.partition("\n")[0]: partial(_rule, section, about) for section in sections}
    return shelf


def _rule(section: str, about: str) -> str:
    title, _, text = about.partition("\n\n")
    return f"# {section.rstrip()}\n\n{title}: {text.rstrip()}\n"


def commands(context: click.Context) -> Shelf:
    """Command -> what its --help prints. `context` is that of the group."""
    assert isinstance(context.command, click.Group)
    return {name: _usage(command, name, context) for name, command in context.command.commands.items()}


def _usage(command: click.Command, name: str, parent: click.Context) -> Callable[[], str]:
    return lambda: command.get_help(click.Context(command, parent=parent, info_name=name)) + "\n"


def contents() -> str:
    """The topics, each with its page's title."""
    shelf = pages()
    width = max(map(len, shelf)) + 2
    lines = [f"  {topic:{width}}{_title(text())}\n" for topic, text in shelf.items()]
    return (
        "Topics of `reconcile help TOPIC`:\n\n"
        + "".join(lines)
        + "\nOf a command: `reconcile help COMMAND`. Of a rule: `reconcile help R012`.\n"
    )


def _title(text: str) -> str:
    """What the headline says after the topic's own name."""
    return text.partition("\n")[0].partition(": ")[2]


def explained(name: str, shelves: tuple[Shelf, ...]) -> str:
    """What the first shelf that has the name says about it. Raises a usage error, which names the nearest."""
    for shelf in shelves:
        for spelled in (name, name.upper()):
            if spelled in shelf:
                return shelf[spelled]()
    if re.fullmatch(r"[RW][0-9]+", name.upper()):
        raise click.UsageError(f"there is no rule {name.upper()}; `reconcile help rules` lists them all.")
    known = [entry for shelf in shelves for entry in shelf]
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.5)
    suggestion = f"; did you mean {near[0]}?" if near else "."
    raise click.UsageError(f"there is no help on {name!r}{suggestion} Topics: {', '.join(pages())}.")
