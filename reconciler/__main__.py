"""Where `reconcile` and `python -m reconciler` begin: what --version says needs nothing of the rest."""

from __future__ import annotations

import gc
import sys

from reconciler import __version__

GARBAGE = 100_000  # objects that are made before the young ones are looked through: most live as long as the run


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"reconcile, version {__version__}\n")
        return
    gc.set_threshold(GARBAGE)
    from reconciler.cli import main as program

    program()


if __name__ == "__main__":
    main()
