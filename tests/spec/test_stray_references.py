"""A reference where none is resolved: AWS would get it with its braces, so it is a mistake at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.spec.reading import faults

TOLD = "a reference is read in values of configuration.Environment.Variables only; elsewhere write the text itself"
QUEUE = "EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'"
STRAY: dict[str, tuple[str, str]] = {
    "in a description": ('configuration: {Description: "{{ function }} in {{ account.id }}"}\n', "4:30"),
    "of a tag": ('tags: {region: "{{region|upper}}"}\n', "4:16"),
    "as a tag": ('tags: {"{{ region }}": x}\n', "4:8"),
    "in a list": ("configuration: {ImageConfig: {Command: [\"{{ ssm('/layer') }}\"]}}\n", "4:41"),
    "of a secret": ("configuration: {Handler: \"{{secret('x')}}\"}\n", "4:26"),
    "in code": ('code: {S3Bucket: b, S3Key: "k-{{- region }}"}\n', "4:28"),
    "of an alias": ('aliases: {live: {FunctionVersion: "1", Description: "{{ account.id }}"}}\n', "4:53"),
    "of a mapping": (
        f"event_source_mappings: {{q: {{{QUEUE}, Tags: {{a: '{{{{ partition }}}}'}}}}}}\n",
        "4:95",
    ),
}


@pytest.mark.parametrize(("body", "place"), STRAY.values(), ids=STRAY)
def test_a_reference_outside_the_environment_is_a_mistake(body: str, place: str, tmp_path: Path) -> None:
    (line,) = [line for line in faults(tmp_path, body) if "reference" in line]
    assert line.endswith(TOLD)
    assert f"{place}: " in line


@pytest.mark.parametrize(
    "body",
    [
        'configuration: {Environment: {Variables: {AA: "{{ region }}"}}}\n',
        'configuration: {Description: "of {{name}}, {region} {{}}"}\n',
        f'event_source_mappings: {{q: {{{QUEUE}, FilterCriteria: {{Filters: [{{Pattern: \'{{"body":{{"a":["x"]}}}}\'}}]}}}}}}\n',
    ],
    ids=["a value of the environment", "braces", "a filter"],
)
def test_other_braces_are_text(body: str, tmp_path: Path) -> None:
    assert not [line for line in faults(tmp_path, body) if "reference" in line]
