"""The process of the canned AWS: prints its address, and serves until its standard input ends.

Or, with a command after `--`: writes the fleet's specs where `--specs` says, runs the command with an environment that leads here,
and prints what it asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.benchmarks import fleet
from tests.benchmarks.aws import running
from tests.benchmarks.aws.canned import Canned, Settings
from tests.benchmarks.aws.http import serve

PRIORITY = -15


def main() -> int:
    settings, options = parsed()
    if not options.command:
        asyncio.run(serving(settings, options.port))
        return 0
    if options.specs:
        fleet.write_specs(options.specs, options.specs_count or settings.functions, settings.regions)
    with running(settings) as aws:
        begun = time.monotonic()
        code = subprocess.run(options.command, env={**os.environ, **aws.environment()}).returncode
        document = {**aws.counts(), "wall_seconds": round(time.monotonic() - begun, 3), "exit_code": code}
    sys.stderr.write(json.dumps(document, indent=1) + "\n")
    return code


async def serving(settings: Settings, port: int) -> None:
    with suppress(OSError):  # where it may: a server that is late sees calls closer together than they came
        os.nice(PRIORITY)
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    ready: asyncio.Future[str] = loop.create_future()
    served = asyncio.create_task(serve(Canned(settings), over, port, ready))
    sys.stdout.write(await ready + "\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    over.set()
    await served


def parsed() -> tuple[Settings, argparse.Namespace]:
    own, command = sys.argv[1:], list[str]()
    if "--" in own:
        cut = own.index("--")
        own, command = own[:cut], own[cut + 1 :]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.aws", description=__doc__)
    parser.add_argument("--functions", type=int, default=0, help="that there are from the beginning")
    parser.add_argument("--regions", default=fleet.REGION, help="by commas; each has all functions")
    parser.add_argument("--settle", type=float, default=2.0, help="seconds that AWS takes for anything")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before an answer")
    parser.add_argument("--no-quotas", action="store_true")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--specs", type=Path, help="where specs of the fleet are written")
    parser.add_argument("--specs-count", type=int, default=0, help="how many, where not as many as functions")
    options = parser.parse_args(own)
    options.command = command
    regions = tuple(options.regions.split(","))
    return Settings(options.functions, regions, options.settle, options.latency, not options.no_quotas), options


if __name__ == "__main__":
    sys.exit(main())
