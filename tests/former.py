"""The import names of before the packages, for scripts of outside testers: whoever imports `tests.conftest` has them.

Nothing of the project uses them.
"""

from __future__ import annotations

import sys
from importlib import import_module

import reconciler
from reconciler import aws
from reconciler.apply import lock
from reconciler.aws import client, sessions
from reconciler.commands import wiring, workspaces
from reconciler.core.place import Place

FORMER = {
    "config": "reconciler.spec.config",
    "errors": "reconciler.core.errors",
    "lock": "reconciler.apply.lock",
    "rehearsal": "reconciler.commands.rehearsal",
    "wiring": "reconciler.commands.wiring",
}

for name, now in FORMER.items():
    sys.modules[f"reconciler.{name}"] = module = import_module(now)
    setattr(reconciler, name, module)
vars(aws).update(
    Answer=client.Answer,
    Aws=client.Aws,
    Place=Place,
    core_session=sessions.core_session,
    _assuming=sessions.assuming,
)
vars(lock)["_taken"] = lambda *wanted: lock.Lock(*wanted).taken()
vars(wiring).update(read=workspaces.read, Workspace=workspaces.Workspace, Choices=workspaces.Choices)
