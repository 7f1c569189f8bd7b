"""All that we know of moto's inside: its WSGI application, and how a request says which account it is of.

Pinned to one minor version; `check_version` says so in words when moto changes underneath.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import moto

MINOR = "5.2"
ACCOUNT_HEADER = "HTTP_X_MOTO_ACCOUNT_ID"

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def check_version() -> None:
    """Raises RuntimeError when moto is not of the minor that the sandbox was built and tested on."""
    if not moto.__version__.startswith(f"{MINOR}."):
        raise RuntimeError(
            f"the sandbox needs moto {MINOR}.x and found {moto.__version__}: pip install 'lambda-reconciler[sandbox]'"
        )


def application() -> Wsgi:
    """Everything of AWS that is not Lambda."""
    check_version()
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    made: Wsgi = DomainDispatcherApplication(create_backend_app)
    return made


def forget() -> None:
    """Empty all of moto's services."""
    from moto.core.base_backend import BackendDict

    BackendDict.reset()
