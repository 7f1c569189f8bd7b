"""What a file of Jsonnet comes to, worked out in a process of its own: a file of a stranger may ask for all time and all memory, and gets
some of both. It imports nothing. Native functions that ask the world are not asked: what they stand for is told with templates.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

from reconciler.core.words import many

MOST_SECONDS = 10
MOST_BYTES = 2**30  # of its process; the interpreter itself maps some of that
MOST_CALLS = 200  # one within another
_CHILD = """
import json, sys
asked = json.load(sys.stdin)
try:
    import resource
    for what, most in ((resource.RLIMIT_AS, asked["bytes"]), (resource.RLIMIT_CPU, asked["seconds"]), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))
except (ImportError, OSError, ValueError):  # a machine that has no such limits has the clock alone
    pass
import rjsonnet

def refused(folder, path):
    raise RuntimeError("nothing is imported")

def standing(name):
    return lambda *words: "{{ " + " ".join([name, *(f"`{word}`" for word in words)]) + " }}"

natives = {name: (tuple("abcdefgh"[:number]), standing(name)) for name, number in asked["natives"].items()}
for name, value in asked["values"].items():
    natives[name] = ((), lambda value=value: value)
try:
    written = rjsonnet.evaluate_snippet("", asked["text"], max_stack=asked["calls"], import_callback=refused, native_callbacks=natives)
    print(json.dumps({"json": str(written)}) if len(written) <= asked["characters"] else json.dumps({"why": "it comes to too much"}))
except RuntimeError as error:
    print(json.dumps({"why": str(error)}))
"""


class Unevaluated(Exception):
    """Why nothing came of a file."""


class NoJsonnet(Exception):
    """What evaluates Jsonnet is not installed."""


def evaluated(text: str, *, natives: Mapping[str, int], values: Mapping[str, object], most_characters: int) -> str:
    """The JSON of it. `natives` say how much each function takes that stands for itself, `values` what others give. Raises Unevaluated,
    NoJsonnet."""
    from importlib.util import find_spec

    if find_spec("rjsonnet") is None:
        raise NoJsonnet
    asked = {
        "text": text, "natives": dict(natives), "values": dict(values), "calls": MOST_CALLS, "characters": most_characters,
        "bytes": MOST_BYTES, "seconds": MOST_SECONDS,
    }  # fmt: skip
    try:
        ended = subprocess.run(  # noqa: S603  this very interpreter, and a text of ours
            [sys.executable, "-c", _CHILD], input=json.dumps(asked), capture_output=True, text=True,
            timeout=MOST_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Unevaluated(f"it takes longer than {many(MOST_SECONDS, 'second')}") from error
    try:
        answer = json.loads(ended.stdout)
    except ValueError as error:
        raise Unevaluated(
            f"it asks for more than {many(MOST_SECONDS, 'second')} or {MOST_BYTES // 2**20} MiB"
        ) from error
    if "why" in answer:
        raise Unevaluated(str(answer["why"]).split("\n")[0].removeprefix("import_callback error: RuntimeError: "))
    return str(answer["json"])
