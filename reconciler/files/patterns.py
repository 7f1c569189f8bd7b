"""Regular expressions that a spec has, looked for in texts that a function wrote. In a process of its own, which ends in time: Python's may take
for ever over a short text, and hear nothing meanwhile.
"""

from __future__ import annotations

import json
import subprocess
import sys

MOST_SECONDS = 5
_CHILD = "import json, re, sys; print(re.search(*json.load(sys.stdin)) is not None)"


def is_found(pattern: str, text: str) -> bool:
    """Raises TimeoutError where nobody can tell in time."""
    try:
        ended = subprocess.run(  # noqa: S603  this very interpreter, and a text of ours
            [sys.executable, "-I", "-c", _CHILD], input=json.dumps([pattern, text]), capture_output=True, text=True,
            timeout=MOST_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise TimeoutError from error
    return ended.stdout.strip() == "True"
