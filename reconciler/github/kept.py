"""What runs on the default branch have left of what AWS held, for the runs after them and for pull requests without credentials. Pure
but for the forge."""

from __future__ import annotations

import re

from reconciler.github.port import Forge
from reconciler.github.unpacked import files

LARGEST_BYTES = 128 * 2**20  # a snapshot of 10,000 functions has a fifth of that


def snapshot_artifact(name: str) -> str:
    return f"reconcile-snapshot-{name}"


def newest(forge: Forge, name: str, branch: str, file: str) -> bytes:
    """A file of the newest artifact that a run on a branch has left, none of a fork's; empty where there is none."""
    for artifact in forge.artifacts(snapshot_artifact(name)):
        if not artifact.is_foreign and artifact.branch == branch:
            content = forge.download(artifact, LARGEST_BYTES)
            return dict(files(content, re.escape(file), LARGEST_BYTES)).get(file, b"")
    return b""
