"""Where `reconcile` and `python -m reconciler` begin: what --version and --help say needs nothing of the rest."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

from reconciler import __version__

GARBAGE = 1_000_000  # objects that are made before the young ones are looked through: most live as long as the run
COLUMNS, MOST_COLUMNS = 80, 100  # of a screen whose width nobody knows, and that --help fills


def main() -> None:
    with suppress(OSError):  # nowhere to write, or no text for such a screen: the whole program can tell
        if sys.stdout and (text := at_once(sys.argv[1:])):
            sys.stdout.write(text)
            sys.stdout.flush()
            return
    gc.set_threshold(GARBAGE)
    from reconciler.cli import main as program

    try:
        program()
    finally:
        gc.freeze()  # nothing is looked through at the end: all of it goes with the process


def at_once(arguments: list[str]) -> str:
    """What is told of these words alone, without the rest of the program; empty where it takes that. Raises OSError."""
    match arguments:
        case ["--version"]:
            return f"reconcile, version {__version__}\n"
        case ["--help" | "-h"] if "COLUMNS" not in os.environ:
            columns = os.get_terminal_size(sys.stdout.fileno()).columns if sys.stdout.isatty() else COLUMNS
            name = f"{os.path.dirname(__file__)}/cli/help-{min(columns, MOST_COLUMNS)}.txt"  # noqa: PTH120  to import pathlib takes longer
            with open(name, encoding="ascii") as file:  # noqa: PTH123  likewise
                return file.read()
    return ""


if __name__ == "__main__":
    main()
