"""The calls of a no-op plan, made by threads of bare boto3: what they cost when nothing is done with the answers.

`python -m tests.benchmarks.bare N FUNCTIONS OTHERS`, in the environment of an AWS: so many GetFunction and so many other calls of Lambda's are
made a second, so that hardly one is refused; boto3 repeats those that are.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import boto3
from botocore.config import Config

from tests.benchmarks import fleet

THREADS = 16


class Pace:
    """So many calls a second, one after the other: a lock, and a sleep."""

    def __init__(self, per_second: float) -> None:
        self._gap, self._next, self._lock = 1 / per_second, 0.0, threading.Lock()

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            mine = max(now, self._next)
            self._next = mine + self._gap
        time.sleep(mine - now)


def main() -> None:
    size, *rates = sys.argv[1:]
    names = [fleet.named(number) for number in range(int(size))]
    client = boto3.client("lambda", config=Config(max_pool_connections=THREADS))
    boto3.client("sts").get_caller_identity()
    boto3.client("s3").head_object(Bucket=fleet.BUCKET, Key=fleet.KEY)
    functions, scarce = (Pace(float(rate)) for rate in rates)
    with ThreadPoolExecutor(THREADS) as pool:
        for call, pace in ((client.get_function, functions), (client.list_aliases, scarce)):
            list(pool.map(partial(_named, call, pace), names))
    for pages in (
        client.get_paginator("list_functions").paginate(FunctionVersion="ALL"),
        client.get_paginator("list_event_source_mappings").paginate(),
    ):
        for _ in pages:
            scarce.wait()


def _named(call: Callable[..., Any], pace: Pace, name: str) -> None:
    pace.wait()
    call(FunctionName=name)


if __name__ == "__main__":
    main()
