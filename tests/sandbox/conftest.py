"""One sandbox a module, whose clock the tests move; every test makes functions of its own."""

from __future__ import annotations

import io
import itertools
import subprocess
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler.sandbox import Sandbox, Spot, needs, stock
from reconciler.sandbox.around.world import access_key

ACCOUNT, REGION, SETTLE = "123456789012", "us-west-2", 10.0
ROLE = f"arn:aws:iam::{ACCOUNT}:role/lambda"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks"
TABLE = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/carts/stream/2024-01-01T00:00:00.000"
LAYER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:{{}}:1"
FAILING = "def handle(event, context):\n    raise ValueError\n"
_numbers = itertools.count(1)


def zipped(source: str = "def handle(event, context):\n    return event\n", name: str = "app.py") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), source)
    return packed.getvalue()


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += seconds


class Aws:
    """The sandbox with one client of its Lambda, and the words that tests say often."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        self.sandbox, self.clock = sandbox, clock

    @property
    def client(self) -> Any:
        return self.sandbox.clients.get("lambda", ACCOUNT, REGION)

    @cached_property
    def unchecked(self) -> Any:
        """A client that sends what botocore itself would refuse."""
        return boto3.client(
            "lambda", region_name=REGION, endpoint_url=self.sandbox.endpoint_url, aws_access_key_id=access_key(ACCOUNT),
            aws_secret_access_key="x", config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
        )  # fmt: skip

    def settle(self) -> None:
        """Let everything that runs come to its end."""
        self.clock.move(SETTLE + 1)

    def new_name(self) -> str:
        return f"f{next(_numbers)}"

    def create(self, **members: Any) -> dict[str, Any]:
        """Create a function of a new name and leave it Pending."""
        zip_members = {"Runtime": "python3.13", "Handler": "app.handle"} if "PackageType" not in members else {}
        params = {
            "FunctionName": self.new_name(),
            "Role": ROLE,
            "Code": {"ZipFile": zipped()},
            **zip_members,
            **members,
        }
        return dict(self.client.create_function(**params))

    def function(self, **members: Any) -> str:
        """The name of a new function that is Active."""
        name = str(self.create(**members)["FunctionName"])
        self.settle()
        return name

    def published(self, count: int = 1, **members: Any) -> str:
        """The name of a new function with so many different versions."""
        name = self.function(**members)
        for number in range(count):
            self.configure(name, Description=f"as version {number + 1}")
            self.client.publish_version(FunctionName=name)
        return name

    def configure(self, name: str, **members: Any) -> None:
        """Update the configuration and wait."""
        self.client.update_function_configuration(FunctionName=name, **members)
        self.settle()

    def get(self, name: str, **more: Any) -> dict[str, Any]:
        """GetFunction's Configuration."""
        return dict(self.client.get_function(FunctionName=name, **more)["Configuration"])

    def revision(self, name: str) -> str:
        return str(self.get(name)["RevisionId"])

    def map(self, name: str, source: str = QUEUE, **members: Any) -> dict[str, Any]:
        """A new event source mapping, still Creating."""
        start = {} if ":sqs:" in source else {"StartingPosition": "LATEST"}
        params = {"FunctionName": name, "EventSourceArn": source, **start, **members}
        return dict(self.client.create_event_source_mapping(**params))


@contextmanager
def refused(code: str, message: str = "", status: int | None = None) -> Iterator[None]:
    """What is done inside is answered with this error; `message` is a part of its text."""
    with pytest.raises(ClientError) as caught:
        yield
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    assert message in answer["Error"]["Message"]
    if status:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A handler's time is over as soon as it has made this file, however long that takes."""
    file = tmp_path / "begun"

    class Child(subprocess.Popen[bytes]):
        def wait(self, timeout: float | None = None) -> int:
            if timeout is None:
                return super().wait()
            while not file.exists() and self.poll() is None:
                time.sleep(0.005)
            raise subprocess.TimeoutExpired(self.args, timeout)

    monkeypatch.setattr(subprocess, "Popen", Child)
    return file


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    clock = Clock()
    with Sandbox(settle_seconds=SETTLE, clock=clock) as sandbox:
        document = {
            "configuration": {"Role": ROLE, "Handler": "app.handle"},
            "code": {"S3Bucket": "artifacts", "S3Key": "v1.zip"},
            "sources": [QUEUE, f"{QUEUE}-2", STREAM, TABLE],
            "around": ["subnet-1", "sg-1", *(LAYER.format(name) for name in "ab")],
        }
        stock(sandbox, needs([Spot(ACCOUNT, REGION, document)]))
        yield Aws(sandbox, clock)
