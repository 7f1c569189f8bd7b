"""References outside the environment: what the target tells is filled in, anything else is a mistake at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.reading import HEAD, faults, folder, read, refusal

LOOKED_UP = "ssm and secret are read in values of configuration.Environment.Variables only; write the text itself"
UNKNOWN = "what stands between {{ and }} here must be one of account.id, account.name, region, partition, function"
STRAY: dict[str, tuple[str, str]] = {
    "in a description": (
        "configuration: {Description: \"{{ function }} of {{ secret('x') }}\"}\n",
        f"4:30: {LOOKED_UP}",
    ),
    "of a tag": ('tags: {region: "{{region|upper}}"}\n', f"4:16: {UNKNOWN}"),
    "as a tag": (
        'tags: {"{{ region }}": x}\n',
        "4:8: a reference is read in values, not in keys; write the text itself",
    ),
    "in a list": ("configuration: {ImageConfig: {Command: [\"{{ ssm('/layer') }}\"]}}\n", f"4:41: {LOOKED_UP}"),
    "of a secret": ("configuration: {Handler: \"{{secret('x')}}\"}\n", f"4:26: {LOOKED_UP}"),
    "where a form is asked for": ("configuration: {Role: \"{{ ssm('/role') }}\"}\n", f"4:23: {LOOKED_UP}"),
    "a statement": ('tags: {a: "{% if region %}{{ region }}{% endif %}"}\n', f"4:11: {UNKNOWN}"),
    "in the function's name": ('was: "{{ region }}"\n', "4:6: "),
}
ARNS = """
regions: [us-west-2, eu-west-1]
configuration:
  Runtime: python3.13
  Handler: a.b
  Role: "arn:{{ partition }}:iam::{{ account.id }}:role/{{ function }}"
  Description: "{{ function }} of {{ account.name }} in {{ region }}"
  Layers: ["arn:aws:lambda:{{ region }}:{{ account.id }}:layer:shared:3"]
code: {S3Bucket: "artifacts-{{ region }}", S3Key: v1.zip}
event_source_mappings:
  orders: {EventSourceArn: "arn:aws:sqs:{{ region }}:{{ account.id }}:orders"}
"""


@pytest.mark.parametrize(("body", "told"), STRAY.values(), ids=STRAY)
def test_a_reference_that_nothing_fills_in_is_a_mistake_at_its_place(body: str, told: str, tmp_path: Path) -> None:
    (line,) = [line for line in faults(tmp_path, body) if line.startswith(told.partition(" ")[0])]
    assert line.startswith(told)


@pytest.mark.parametrize(
    "body",
    [
        'configuration: {Environment: {Variables: {AA: "{{ region }}"}}}\n',
        'configuration: {Description: "of {{name}}, {region} {{}}"}\n',
        'event_source_mappings: {q: {EventSourceArn: "arn:aws:sqs:us-west-2:123456789012:q", '
        'FilterCriteria: {Filters: [{Pattern: \'{"body":{"a":["x"]}}\'}]}}}\n',
    ],
    ids=["a value of the environment", "braces", "a filter"],
)
def test_other_braces_are_text(body: str, tmp_path: Path) -> None:
    assert not [line for line in faults(tmp_path, body) if "reference" in line]


def test_what_a_target_tells_stands_in_every_text_of_its_sections(tmp_path: Path) -> None:
    specs = read(tmp_path, a=f"function: checkout\naccount: test{ARNS}").specs
    assert [spec.target.region for spec in specs] == ["eu-west-1", "us-west-2"]
    for spec in specs:
        function, mapping = (item.properties for item in spec.desired)
        region = spec.target.region
        assert function["configuration"]["Role"] == "arn:aws:iam::123456789012:role/checkout"
        assert function["configuration"]["Description"] == f"checkout of test in {region}"
        assert function["configuration"]["Layers"] == [f"arn:aws:lambda:{region}:123456789012:layer:shared:3"]
        assert function["code"]["S3Bucket"] == f"artifacts-{region}"
        assert mapping["EventSourceArn"] == f"arn:aws:sqs:{region}:123456789012:orders"


def test_a_text_is_checked_as_it_is_meant(tmp_path: Path) -> None:
    (line,) = faults(tmp_path, 'configuration: {Role: "{{ account.name }}/{{ function }}"}\n')
    assert line.startswith('4:23: configuration.Role is "test/checkout"; it must be a role\'s ARN')


def test_an_accounts_number_that_nobody_says_is_asked_for(tmp_path: Path) -> None:
    specs = folder(tmp_path, a=HEAD + 'configuration: {Role: "arn:aws:iam::{{ account.id }}:role/x"}\n')
    (specs / "reconcile.yaml").write_text("aws: {accounts: [{name: test, lambdaEnabled: true}]}\n")
    text = (specs / "reconcile.yaml").read_text()
    (line,) = refusal(tmp_path, reconcile=text, a=(specs / "a.yaml").read_text())
    assert "account.id is known where reconcile.yaml says it; give the account its accountId there" in line
