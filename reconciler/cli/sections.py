"""How --help shows commands, in sections, and their flags, each with its variable. Prints nothing by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

GAP = 2  # blanks between a command and what it does


class Sectioned(click.Group):
    """A group whose commands stand in sections, in the order given."""

    def __init__(self, *arguments: Any, sections: Mapping[str, Sequence[click.Command]], **others: Any) -> None:
        super().__init__(*arguments, **others)
        self.sections = sections
        for command in (command for commands in sections.values() for command in commands):
            name_variables(command, f"RECONCILE_{command.name}")
            self.add_command(command)

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        widest = max(map(len, self.commands))
        for title, commands in self.sections.items():
            with formatter.section(title):
                room = formatter.width - formatter.current_indent - widest - GAP
                formatter.write_dl([(f"{one.name:{widest}}", one.get_short_help_str(room)) for one in commands])


def name_variables(command: click.Command, start: str) -> None:
    """Every flag has the variable of its name, and --help says so."""
    for option in command.params:
        if isinstance(option, click.Option):
            flag = max(option.opts, key=len).lstrip("-")
            option.envvar = option.envvar or variable(f"{start}_{flag}")
            option.show_envvar = True
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        name_variables(inner, f"{start}_{inner.name}")


def variable(words: str) -> str:
    return words.upper().replace("-", "_")
