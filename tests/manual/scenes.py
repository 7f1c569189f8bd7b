"""What stands around the commands of a page: how its stories begin, and what happens between two commands."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.commands.rehearsal import fill
from reconciler.commands.workspaces import read
from reconciler.sandbox.around.faults import Script, parse_faults
from reconciler.sandbox.cloudwatch.calls import Called, Outcome, note_calls
from tests.conftest import ACCOUNT, REGION, ROLE, House, function_spec
from tests.hands import by_hand
from tests.importing.account import open_up, stocked
from tests.spec.test_hostile_git import git

SPECS = Path(__file__).parents[2] / "specs"
CONFIG = "reconcile.yaml"
CHECKOUT, AUDIT, GREETER = "shop/checkout.yaml", "shop/audit.yaml", "shop/greeter.yaml"

CLICKS = "arn:aws:kinesis:us-west-2:123456789012:stream/clicks"
ORDERS = "arn:aws:dynamodb:us-west-2:123456789012:table/orders/stream/2026-01-01T00:00:00.000"


@dataclass
class Clock:
    """The sandbox's, which a scene may put on."""

    ahead_seconds: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_seconds


# --- how a story begins --------------------------------------------------------------------------------------------


def examples(house: House) -> None:
    """This repository's specs, on an AWS that has what they name and no function."""
    shutil.copytree(SPECS, house.root / "specs")
    fill(house.sandbox, read([house.root / "specs"]))


def nothing(_: House) -> None:
    """An empty folder and an empty AWS."""


def an_account(house: House) -> None:
    """Thirty functions that live, and an empty folder."""
    stocked(house)


def an_account_that_moved_in(house: House) -> None:
    """The same, all of it under git with its code, and defaults that all of it extends."""
    stocked(house)
    house.run("import", "--all-unmanaged", "--download", "code", "--defaults", "specs/defaults.yaml")
    _apply(house)


def a_second_region(house: House) -> None:
    """One of the functions under git, and living in another region with more memory."""
    an_account(house)
    house.run("import", "shop-audit", "--region", REGION)
    file, text = f"specs/{CONFIG}", _text(house, CONFIG)
    (house.root / file).write_text(text.replace("[us-west-2]", "[us-west-2, eu-west-1]"))
    house.sandbox.clients.get("lambda", ACCOUNT, "eu-west-1").create_function(
        FunctionName="shop-audit", Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE,
        Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"}, Timeout=30, MemorySize=2048, Tags={"team": "shop"},
    )  # fmt: skip


def a_state(house: House) -> None:
    """The same, with the state of the Terraform that made one of the functions."""
    stocked(house)
    name = "shop-refunds"
    uuid = house.lambda_.list_event_source_mappings(FunctionName=f"{name}:live")["EventSourceMappings"][0]["UUID"]
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
    values: dict[str, dict[str, Any]] = {
        "aws_iam_role.worker": {"arn": ROLE},
        "aws_lambda_function.refunds": {"function_name": name, "arn": arn, "role": ROLE},
        "aws_lambda_alias.live": {"function_name": name, "name": "live"},
        "aws_lambda_event_source_mapping.refunds_queue": {"function_name": f"{arn}:live", "uuid": uuid},
    }
    resources = [
        {"mode": "managed", "address": address, "type": type_, "name": label, "values": values[address]}
        for address in values
        for type_, label in [address.split(".")]
    ]
    state = {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": {"root_module": {"resources": resources}},
    }
    (house.root / "state.json").write_text(json.dumps(state))


def applied(house: House) -> None:
    """The same, all of it applied; nothing is left to do and no report is kept."""
    examples(house)
    _apply(house)


def canary(house: House) -> None:
    """The checkout is there; git has new code, more memory, and an alias that gives the new version a quarter."""
    examples(house)
    _change(house, "FunctionVersion: published  ", 'FunctionVersion: "1"  ')
    _apply(house, f"specs/{CHECKOUT}")
    _change(house, "checkout/v1.zip", "checkout/v2.zip", stock=True)
    _change(house, "MemorySize: 512", "MemorySize: 1024")
    _change(house, "    # RoutingConfig:", "    RoutingConfig:")


def in_steps(house: House) -> None:
    """An empty house; code and an event lie there for the spec that the page writes."""
    house.write(
        CONFIG,
        'aws:\n  lambda: {enabled: true}\n  accounts:\n    - {name: test, lambdaEnabled: true, accountId: "123456789012", regions: [us-west-2]}\n',
    )
    _release(house, "one")
    house.write("events/order.json", '{"id": "o-1"}\n', stock=False)


# --- what happens between two commands -----------------------------------------------------------------------------


def specs_restored(house: House) -> None:
    """The specs are this repository's again; AWS stays as it is."""
    shutil.rmtree(house.root / "specs")
    shutil.copytree(SPECS, house.root / "specs")


def committed(house: House) -> None:
    """The specs are committed to main."""
    (house.root / ".gitignore").write_text("reports\n")
    git(house.root, "init", "-q", "-b", "main")
    _commit(house)


def locked(house: House) -> None:
    """Another run holds the house's lock."""
    _change(house, "managedBy:", "lock: s3://shop-deploy/reconcile.lock\nmanagedBy:", CONFIG)
    bucket = {"Bucket": "shop-deploy", "CreateBucketConfiguration": {"LocationConstraint": REGION}}
    s3 = house.sandbox.clients.get("s3", ACCOUNT, REGION)
    s3.create_bucket(**bucket)
    held = {"owner": "root@vm", "run": "8a3a72014416", "expires_at": 0, "lease_seconds": 120}
    s3.put_object(Bucket="shop-deploy", Key="reconcile.lock", Body=json.dumps(held).encode())


def frozen(house: House) -> None:
    """A freeze of one function, which git changes as another one."""
    freeze = '{name: stocktaking, from: "2026-01-01T00:00", to: "2099-01-04T08:00", timezone: Europe/Berlin, functions: [checkout], allow: [create]}'
    _change(house, "managedBy:", f"freezes:\n  - {freeze}\nmanagedBy:", CONFIG)
    timeout_raised(house)


def _release(house: House, name: str) -> None:
    code = f"def lambda_handler(event, context):\n    return {{'statusCode': 200, 'id': event['id'], 'release': '{name}'}}\n"
    house.write("src/lambda_function.py", code, stock=False)


def a_release(house: House) -> None:
    """What git had is applied, and has been called for a day; there is new code."""
    house.apply()
    shutil.rmtree(house.root / "reports")
    for hours in range(1, 25):
        _called(house, "1", 12_000, 3600 * -hours)
    _release(house, "two")


def another_release(house: House) -> None:
    _release(house, "three")


def half_an_hour_of_customers(house: House) -> None:
    """All of them call the alias in one minute of it; the third version fails one in twenty."""
    clock = house.sandbox.gate.clock
    assert isinstance(clock, Clock)
    live = house.lambda_.get_alias(FunctionName="checkout", Name="live")
    shares = live.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    for version, share in {live["FunctionVersion"]: 1 - sum(shares.values()), **shares}.items():
        _called(house, version, round(2000 * share), 600)
    clock.ahead_seconds += 1860


def _called(house: House, version: str, count: int, from_now_seconds: float) -> None:
    region, _ = house.sandbox.gate.region(ACCOUNT, REGION)
    happened = Outcome(Counter({310.0: count}), count // 20 if version == "3" else 0)
    at = house.sandbox.gate.clock() + from_now_seconds
    note_calls(region.metrics, Called("checkout", "live", version, is_alias=True), at, happened)


def many_mistakes(house: House) -> None:
    """A spec with six mistakes of six sorts."""
    house.write(CHECKOUT, MISTAKES, stock=False)


def everything_changed(house: House) -> None:
    """New code, more time and another tag for the checkout."""
    _change(house, "checkout/v1.zip", "checkout/v2.zip", stock=True)
    _change(house, "Timeout: 30", "Timeout: 40")
    _change(house, 'cost-center: "4711"', 'cost-center: "4712"')


def audit_may_not_read_its_stream(house: House) -> None:
    """Somebody changed the greeter and the audit's mapping by hand; putting the latter back will be refused once."""
    message = "The provided execution role may not read this stream"
    _faults(
        house,
        {
            "operation": "UpdateEventSourceMapping",
            "nth": 2,
            "code": "InvalidParameterValueException",
            "message": message,
        },
    )
    house.lambda_.update_function_configuration(FunctionName="greeter", MemorySize=256)
    (clicks,) = house.lambda_.list_event_source_mappings(EventSourceArn=CLICKS)["EventSourceMappings"]
    house.lambda_.update_event_source_mapping(UUID=clicks["UUID"], BatchSize=100)


def aws_is_busy(house: House) -> None:
    """Twice an update is in progress, and one answer is lost on its way."""
    conflict = {"code": "ResourceConflictException", "message": "An update is in progress for resource: checkout"}
    _faults(
        house,
        {"operation": "UpdateFunctionConfiguration", "first": 2, **conflict},
        {"operation": "UpdateFunctionCode", "nth": 1, "status": 503},
    )


def what_aws_would_refuse(house: House) -> None:
    """Code that is not there, a version that is not there, and a mapping of another stream."""
    _change(house, "checkout/v1.zip", "checkout/v9.zip")
    _change(house, "stream/clicks", "stream/taps", AUDIT)
    _change(house, "FunctionVersion: published", 'FunctionVersion: "7"', GREETER)


def another_account(house: House) -> None:
    _change(house, 'accountId: "123456789012"', 'accountId: "210987654321"', CONFIG)


def timeout_raised(house: House) -> None:
    _change(house, "Timeout: 30", "Timeout: 40")


def hotfix(house: House) -> None:
    """Somebody changed the function by hand."""
    house.lambda_.update_function_configuration(FunctionName="checkout", Description="Takes orders, hotfix", Timeout=20)


def plan_edited(house: House) -> None:
    plan = house.root / "plan.json"
    plan.write_text(plan.read_text().replace('"after": 40', '"after": 400'))


def guards_loosened(house: House) -> None:
    """More may be deleted, and a setting that differs is not to be looked at."""
    _change(house, "maxDeletes: 3", "maxDeletes: 9", CONFIG)
    _change(house, "ignore:\n", "ignore:\n  - /configuration/Timeout\n")
    hotfix(house)


def edits_and_drift(house: House) -> None:
    """Ada raised memory and time; somebody changed the time and the description by hand."""
    _change(house, "MemorySize: 512", "MemorySize: 1024")
    timeout_raised(house)
    _commit(house)
    hotfix(house)


def main_went_on(house: House) -> None:
    """A branch lets the time run longer; main meanwhile had another description applied, which the branch lacks."""
    git(house.root, "checkout", "-qb", "longer")
    _change(house, "Timeout: 40", "Timeout: 60")
    _commit(house)
    git(house.root, "checkout", "-q", "main")
    _change(house, "Takes orders", "Takes and keeps orders")
    _commit(house)
    _apply(house, f"specs/{CHECKOUT}")
    git(house.root, "checkout", "-q", "longer")


def merged(house: House) -> None:
    """The branch is in main."""
    git(house.root, "checkout", "-q", "main")
    git(house.root, "-c", "user.name=Ada", "merge", "-q", "-m", "longer", "longer")


def memory_raised_and_description_drifted(house: House) -> None:
    """Nobody applied the memory that Ada raised; somebody changed the description by hand."""
    _change(house, "MemorySize: 1024", "MemorySize: 2048")
    _commit(house)
    for name, value in (("name", "Grace"), ("email", "grace@example.com")):
        git(house.root, "config", f"user.{name}", value)
    ada = by_hand(house.sandbox, role="admin")
    ada.update_function_configuration(FunctionName="checkout", Description="by hand")


def a_second_version(house: House) -> None:
    """New code is published and has all of the traffic."""
    _change(house, "checkout/v1.zip", "checkout/v2.zip", stock=True)
    house.apply(f"specs/{CHECKOUT}")


def functions_of_others(house: House) -> None:
    """Two functions that are there already: one bears no mark, one another house's."""
    for name, tags in (("legacy", {}), ("theirs", {"reconcile:managed-by": "other/house"})):
        house.write(f"others/{name}.yaml", function_spec(name, configuration="MemorySize: 256"))
        house.lambda_.create_function(
            FunctionName=name, Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE, Tags=tags,
            Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"},
        )  # fmt: skip


def a_right_lacks(house: House) -> None:
    """What the first spec names is there, and aliases may not be made."""
    fill(house.sandbox, read([house.root / "specs"]))
    _faults(house, {"operation": "CreateAlias", "code": "AccessDeniedException"})


def audit_dropped(house: House) -> None:
    house.remove(AUDIT)


def two_dropped_where_one_may_go(house: House) -> None:
    house.remove(GREETER)
    _change(house, "maxDeletes: 3", "maxDeletes: 1", CONFIG)


def killed(house: House) -> None:
    """A run that stopped right after it sent the call that makes the second mapping, which AWS never got."""
    shutil.rmtree(house.root / "reports")
    house.apply(f"specs/{AUDIT}")
    last = house.lambda_.list_event_source_mappings(EventSourceArn=ORDERS)["EventSourceMappings"][0]
    house.lambda_.delete_event_source_mapping(UUID=last["UUID"])
    (report,) = (house.root / "reports").glob("*.json")
    report.unlink()
    journal = report.with_suffix(".jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    begun = [number for number, line in enumerate(lines) if b'"operation_started"' in line]
    with journal.open("r+b") as file:  # the file itself, for a journal is chained to it
        file.truncate(sum(map(len, lines[: begun[-1] + 1])))


def ireland(house: House) -> None:
    """What the import wrote names one more region, where there are queues as well."""
    open_up(house.root, "another region")
    fill(house.sandbox, read([house.root / "specs"]))


def password(house: House) -> None:
    """A variable that refers to a parameter, one with a reference in it, and one less."""
    name = {"Name": "/shop/db", "Value": "correct horse", "Type": "SecureString"}
    house.sandbox.clients.get("ssm", ACCOUNT, REGION).put_parameter(**name)
    variables = """{STAGE: test, DB_PASSWORD: "{{ ssm('/shop/db') }}", DB_URL: "postgres://{{ function }}@db"}"""
    _change(house, "{STAGE: test, ORDERS_TABLE: orders}", variables)


MISTAKES = """\
# yaml-language-server: $schema=../../schemas/function.schema.json
function: checkout
account: test
region: us-west-2
configuration:
  Runtime: python3.13
  Handler: lambda_function.lambda_handler
  Role: arn:aws:iam::123456789012:role/shop/checkout
  Timout: 30
  MemorySize: "512"
  Environment: {Variables: {STAGE: test, RETRIES: 3}}
code: {S3Bucket: shop-artifacts}
aliases:
  live: {FunctionVersion: $LATEST, RoutingConfig: {AdditionalVersionWeights: {"1": 0.25}}}
event_source_mappings:
  orders: {EventSourceArn: "arn:aws:sqs:us-west-2:123456789012:orders", alias: live, BatchSize: 100}
"""


def _apply(house: House, *paths: str) -> None:
    """Apply without a trace but AWS's."""
    result = house.run("apply", "--yes", *paths)
    assert result.exit_code == 0, result.err
    shutil.rmtree(house.root / "reports")


def _change(house: House, before: str, after: str, file: str = CHECKOUT, *, stock: bool = False) -> None:
    """`stock` where the change names something that AWS must have."""
    text = _text(house, file)
    assert before in text
    house.write(file, text.replace(before, after), stock=stock)


def _text(house: House, file: str) -> str:
    return (house.root / "specs" / file).read_text()


def _commit(house: House) -> None:
    git(house.root, "add", "-A")
    git(house.root, "-c", "user.name=Ada", "commit", "-qm", "a change")


def _faults(house: House, *faults: dict[str, Any]) -> None:
    house.sandbox.gate.script = Script(parse_faults(list(faults), "faults"))
