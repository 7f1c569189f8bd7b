"""A canned AWS in a process of its own: fast, with Lambda's quotas and a latency, and it counts. See README.md here."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from reconciler.sandbox.around.environment import environment, write_profiles
from tests.benchmarks import fleet
from tests.benchmarks.aws.canned import CONTROL, Settings
from tests.benchmarks.measuring import HOUSE


class Running:
    """The running process, as whoever started it sees it."""

    def __init__(self, endpoint_url: str, folder: Path) -> None:
        self.endpoint_url, self._folder, self._has_quotas = endpoint_url, folder, True

    def environment(self, region: str = fleet.REGION) -> dict[str, str]:
        """What leads boto3, the CLI, Terraform or reconcile here and nowhere else."""
        variables = environment(self.endpoint_url, fleet.ACCOUNT, region, self._folder)
        return variables | ({} if self._has_quotas else {"RECONCILE_CALLS_PER_SECOND": "0"})

    def counts(self) -> dict[str, Any]:
        """What was asked since the beginning."""
        return self._ask("counts", b"")

    def begin(self, settings: Settings) -> None:
        """Everything anew."""
        self._has_quotas = settings.has_quotas
        self._ask("begin", json.dumps(asdict(settings)).encode())

    def forget(self) -> None:
        """What was counted; the fleet stays."""
        self._ask("forget", b"")

    def _ask(self, what: str, body: bytes) -> dict[str, Any]:
        with urlopen(Request(f"{self.endpoint_url}{CONTROL}{what}", data=body, method="POST")) as answer:
            return dict(json.loads(answer.read()))


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    """Its process for the block."""
    with tempfile.TemporaryDirectory(prefix="reconcile-canned-") as name:
        write_profiles(Path(name), fleet.ACCOUNT, {})
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.aws"],
            cwd=HOUSE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdin and process.stdout
        try:
            aws = Running(process.stdout.readline().strip(), Path(name))
            aws.begin(settings)
            yield aws
        finally:
            process.stdin.close()
            process.wait(timeout=10)
            process.stdout.close()
