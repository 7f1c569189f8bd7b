"""The fleet of the benchmarks, said three times: as specs, as Terraform's configuration, and as what is created on the canned AWS.

Every function has a published version, an alias on it, and a mapping to the alias; all have the same code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ACCOUNT, REGION = "123456789012", "us-west-2"
BUCKET, KEY = "artifacts", "v1.zip"
CODE = f"{{S3Bucket: {BUCKET}, S3Key: {KEY}}}"
MEMORY, CHANGED_MEMORY = 256, 512
CONFIGURATION: Mapping[str, Any] = {
    "Runtime": "python3.13",
    "Handler": "app.handler",
    "Role": f"arn:aws:iam::{ACCOUNT}:role/lambda",
    "MemorySize": MEMORY,
    "Environment": {"Variables": {"STAGE": "test"}},
}
TAGS = {"team": "shop"}
CONFIG = f'aws: {{accounts: [{{name: test, lambdaEnabled: true, accountId: "{ACCOUNT}"}}]}}\n'
SPEC = """function: {name}
account: test
regions: [{regions}]
configuration:
  Runtime: {Runtime}
  Handler: {Handler}
  Role: {Role}
  MemorySize: {memory}
  Environment: {{Variables: {{STAGE: test}}}}
code: {code}
publish: true
tags: {{team: shop}}
aliases:
  live: {{FunctionVersion: published}}
event_source_mappings:
  orders: {{EventSourceArn: "{queue}", alias: live}}
"""
TERRAFORM = """terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}
provider "aws" {{
  region            = "{region}"
  s3_use_path_style = true
}}
variable "changed" {{ default = 0 }}
locals {{ fleet = {{ for i in range({count}) : format("f%05d", i) => i < var.changed ? {changed_memory} : {memory} }} }}
resource "aws_lambda_function" "fleet" {{
  for_each      = local.fleet
  function_name = each.key
  role          = "{Role}"
  handler       = "{Handler}"
  runtime       = "{Runtime}"
  s3_bucket     = "{bucket}"
  s3_key        = "{key}"
  memory_size   = each.value
  publish       = true
  tags          = {{ team = "shop" }}
  environment {{ variables = {{ STAGE = "test" }} }}
}}
resource "aws_lambda_alias" "live" {{
  for_each         = local.fleet
  name             = "live"
  function_name    = aws_lambda_function.fleet[each.key].function_name
  function_version = aws_lambda_function.fleet[each.key].version
}}
resource "aws_lambda_event_source_mapping" "orders" {{
  for_each         = local.fleet
  event_source_arn = "{queue}-${{each.key}}"
  function_name    = aws_lambda_alias.live[each.key].arn
}}
"""


def named(number: int) -> str:
    return f"f{number:05}"


def queue(region: str) -> str:
    return f"arn:aws:sqs:{region}:{ACCOUNT}:orders"


def spec(number: int, regions: Sequence[str] = (REGION,), memory: int = MEMORY, code: str = CODE) -> str:
    """A function's YAML. Its queue is its own, in each region."""
    where = f"{queue('{{ region }}' if len(regions) > 1 else regions[0])}-{named(number)}"
    own = {"name": named(number), "regions": ", ".join(regions), "memory": memory, "code": code, "queue": where}
    return SPEC.format_map({**CONFIGURATION, **own})


def write_specs(folder: Path, count: int, regions: Sequence[str] = (REGION,)) -> Path:
    """A folder of so many specs, with its reconcile.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reconcile.yaml").write_text(CONFIG)
    for number in range(count):
        (folder / f"{named(number)}.yaml").write_text(spec(number, regions))
    return folder


def change(folder: Path, numbers: Iterable[int], regions: Sequence[str] = (REGION,)) -> None:
    """Those functions want more memory."""
    for number in numbers:
        (folder / f"{named(number)}.yaml").write_text(spec(number, regions, CHANGED_MEMORY))


def terraform(count: int) -> str:
    return TERRAFORM.format_map(
        {
            **CONFIGURATION, "region": REGION, "count": count, "memory": MEMORY, "changed_memory": CHANGED_MEMORY,
            "bucket": BUCKET, "key": KEY, "queue": queue(REGION),
        }
    )  # fmt: skip


def creations(number: int, region: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls that make one function with all that it has."""
    name = named(number)
    code = {"S3Bucket": BUCKET, "S3Key": KEY}
    function = {
        "FunctionName": name,
        **json.loads(json.dumps(CONFIGURATION)),
        "Code": code,
        "Publish": True,
        "Tags": TAGS,
    }
    return [
        ("CreateFunction", function),
        ("CreateAlias", {"FunctionName": name, "Name": "live", "FunctionVersion": "1", "Description": ""}),
        ("CreateEventSourceMapping", {"EventSourceArn": f"{queue(region)}-{name}", "FunctionName": f"{name}:live"}),
    ]
