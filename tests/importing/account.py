"""An account as a team has it before it moves in: functions that people and tools have made with AWS's own calls."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.apply.strangers import zip_of
from tests.conftest import ACCOUNT, CONFIG, REGION, ROLE, House, function_spec

TEAMS = ("shop", "mail", "bill")
JOBS = ("orders", "refunds", "stock", "prices", "search", "export", "import", "notify", "audit", "report")
NAMES = tuple(f"{team}-{job}" for team in TEAMS for job in JOBS)
QUEUES = "".join(
    f"  q{number}: {{EventSourceArn: arn:aws:sqs:{REGION}:{ACCOUNT}:{name}}}\n" for number, name in enumerate(NAMES)
)

SECOND = {
    "another region": ("[us-west-2]", "[us-west-2, eu-west-1]", "{account: main, region: eu-west-1}"),
    "another account": (
        "[us-west-2]}",
        "[us-west-2]}\n    - {name: prod, lambdaEnabled: true, accountId: '210987654321', assumeRole: role/reconcile}",
        f"{{account: prod, region: {REGION}}}",
    ),
}


def stocked(house: House) -> None:
    """Thirty functions with URLs, policies, mappings, aliases and environments, and neither spec nor configuration."""
    house.write("reconcile.yaml", CONFIG, stock=False)
    house.write("stock.yaml", function_spec("stock", extra=f"event_source_mappings:\n{QUEUES}"))
    shutil.rmtree(house.root / "specs")
    for number, name in enumerate(NAMES):
        _made(house.lambda_, number, name)
    house.sandbox.requests.clear()


def _made(client: Any, number: int, name: str) -> None:
    code = {"ZipFile": zip_of(name)} if number % 10 == 9 else {"S3Bucket": "artifacts", "S3Key": "v1.zip"}
    client.create_function(
        FunctionName=name, Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE, Code=code, Publish=True,
        Timeout=30, MemorySize=(128, 512, 1024)[number % 3], Description=f"{name.replace('-', ' ')}: \"live\"",
        Environment={"Variables": {"STAGE": "prod", "TOKEN": f"token of {name}"}}, Tags={"team": name.partition("-")[0]},
    )  # fmt: skip
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    if number % 3 == 0:
        client.create_function_url_config(FunctionName=name, Qualifier="live", AuthType="AWS_IAM")
    if number % 3 == 1:
        source = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        client.create_event_source_mapping(FunctionName=f"{name}:live", EventSourceArn=source, BatchSize=5)
    if number % 3 == 2:
        client.add_permission(
            FunctionName=name, Qualifier="live", StatementId="bucket", Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::uploads", SourceAccount=ACCOUNT,
        )  # fmt: skip
    if number % 5 == 0:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=10)


def open_up(root: Path, second: str) -> None:
    """What a person writes: the place into reconcile.yaml, and the entry that the defaults have as a comment."""
    known, with_it, place = SECOND[second]
    for name, before, after in (
        ("reconcile.yaml", known, with_it),
        ("defaults.yaml", "# variants: {elsewhere: {account: main, region: REGION}}", f"variants: {{elsewhere: {place}}}"),
    ):  # fmt: skip
        file = root / "specs" / name
        assert before in file.read_text()
        file.write_text(file.read_text().replace(before, after))
