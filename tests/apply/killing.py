"""A process that takes orders, a line of JSON each, and answers each with an exit code: of an apply that killed itself at a call."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Mapping
from importlib import import_module
from itertools import count
from pkgutil import walk_packages
from typing import Any

import reconciler
from reconciler.aws.client import Answer, Aws
from reconciler.aws.sessions import core_session
from reconciler.cli import main
from reconciler.core.model import Properties
from reconciler.core.place import Place
from tests.pauses import left_out


def kill_at(operation: str, when: str, nth: int) -> None:
    attempt, calls = Aws._attempt, count(1)

    def killing(self: Aws, place: Place, name: str, params: Properties, api: str) -> Answer:
        is_time = name == operation and next(calls) == nth
        if is_time and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = attempt(self, place, name, params, api)
        if is_time:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(Aws, "_attempt", killing)  # noqa: B010


def carried_out(order: Mapping[str, Any]) -> None:
    """In a process of its own."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    os.dup2(os.open(os.devnull, os.O_RDWR), sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    kill_at(order["operation"], order["when"], order["nth"])
    sys.argv = ["reconcile", "apply", "--yes"]
    main()


def load() -> None:
    """What an apply needs, before it is needed; it waits for nothing that proves nothing."""
    left_out(setattr)
    for module in walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.startswith(("reconciler.sandbox", "reconciler.github", "reconciler.__main__")):
            import_module(module.name)
    import_module("deepdiff")
    for api in ("lambda", "sts", "s3"):
        core_session(region="us-west-2").create_client(api, aws_access_key_id="a", aws_secret_access_key="b")
    gc.freeze()


def serve() -> None:
    load()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            carried_out(json.loads(line))
            return
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201


if __name__ == "__main__":
    serve()
