"""Functions that live and have no spec, `reconcile import` of them, and what to ask of its specs."""

from __future__ import annotations

import re

from tests.apply.houses import OURS
from tests.conftest import ACCOUNT, REGION, House, Result, function_spec
from tests.importing.test_law_of_import import emptied

SECRET = "correct-horse-battery"
ELSEWHERE = "eu-west-1"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
TWO = OURS.replace("[us-west-2]", f"[us-west-2, {ELSEWHERE}]")
WHOLE = function_spec(
    configuration=f"""
    Description: Takes orders
    MemorySize: 512
    LoggingConfig: {{LogFormat: JSON}}
    Environment: {{Variables: {{TOKEN: {SECRET}, STAGE: prod}}}}
    """,
    extra=f"""
    publish: true
    tags: {{team: payments}}
    log_group: {{retention_days: 14}}
    aliases: {{live: {{FunctionVersion: published}}}}
    concurrency: {{ReservedConcurrentExecutions: 5}}
    urls: {{live: {{AuthType: AWS_IAM}}}}
    permissions:
      live:
        bucket: {{Action: "lambda:InvokeFunction", Principal: s3.amazonaws.com, SourceArn: "arn:aws:s3:::uploads", SourceAccount: "{ACCOUNT}"}}
    event_source_mappings: {{some: {{EventSourceArn: "{QUEUE}", alias: live, Tags: {{team: payments}}}}}}
    """,
)


def living(house: House, *specs: str, config: str = OURS) -> House:
    """What these specs say lives, nobody's, and no spec is there."""
    house.write("reconcile.yaml", config.replace("managedBy: shop\n", ""), stock=False)
    for number, spec in enumerate(specs):
        house.write(f"{number}.yaml", spec)
    house.apply()
    emptied(house)
    house.write("reconcile.yaml", config, stock=False)
    house.sandbox.requests.clear()
    return house


def imports(house: House, *words: str, code: int = 0) -> Result:
    result = house.run("import", *words)
    assert result.exit_code == code, result.out + result.err
    assert house.sandbox.writes == []
    assert SECRET not in result.out + result.err
    return result


def text(house: House, name: str = "checkout.yaml") -> str:
    return (house.root / "specs" / name).read_text()


def said(spec: str) -> str:
    """A spec without the names of the sections in which there is nothing, which grow with every kind."""
    return spec.partition("\n# Nothing but")[0]


def undated(spec: str) -> str:
    return re.sub("[0-9]{4}-[0-9]{2}-[0-9]{2}", "", spec)


def is_taken_over(house: House) -> bool:
    """Whether a plan shows the mark alone."""
    plan = house.plan()
    acting = [action for target in plan["targets"] for action in target["actions"] if action["verb"] != "none"]
    assert all(action["verb"] == "adopt" and not action["fields"] for action in acting), acting
    assert [note["message"] for note in plan["diagnostics"] if note["severity"] == "refusal"] == []
    return bool(acting)
