"""Where `reconcile` and `python -m reconciler` begin: what --version says needs nothing of the rest."""

from __future__ import annotations

import sys

from reconciler import __version__


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"reconcile, version {__version__}\n")
        return
    from reconciler.cli import main as program

    program()


if __name__ == "__main__":
    main()
