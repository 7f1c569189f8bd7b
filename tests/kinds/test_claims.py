"""Completeness: every member of every call that we make by a section's word is taken by it, or refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconciler.core import service
from reconciler.files import validation
from reconciler.kinds import (
    alias,
    configuration,
    event_invoke,
    event_source_mapping,
    function,
    layer,
    log_group,
    recursion,
    runtime_management,
    sources,
    url,
)
from reconciler.kinds.registry import CLAIMS, SECTIONS

CALLS = [(section, operation) for section in CLAIMS for operation in section.calls]


@pytest.mark.parametrize(
    ("section", "operation"), CALLS, ids=[f"{section.name}, {operation}" for section, operation in CALLS]
)
def test_every_member_of_a_call_is_taken_or_refused_with_a_reason(section: Any, operation: str) -> None:
    members = service.members(operation)
    assert members - section.members - set(section.refused) == set()
    assert all(len(section.refused[name].split()) > 1 for name in members & set(section.refused))


@pytest.mark.parametrize("section", CLAIMS, ids=lambda section: section.name)
def test_no_member_is_both_taken_and_refused(section: Any) -> None:
    assert section.members & set(section.refused) == set()


def test_a_member_that_is_new_is_not_taken_where_all_words_are_ours() -> None:
    """The logs API spells its members otherwise than a spec does: nobody would send it."""
    assert replace(log_group.LOG_GROUP, refused={}).members == frozenset()


@pytest.mark.parametrize("section", CLAIMS, ids=lambda section: section.name)
def test_a_reason_is_for_a_member_that_there_is(section: Any) -> None:
    there = frozenset().union(*(service.members(operation) for operation in section.calls))
    there |= frozenset(section.shape.members) if section.inside else set()
    assert set(section.refused) - there == set()


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_what_a_section_takes_and_refuses_is_what_its_schema_says(section: Any) -> None:
    node = validation.load_schema("function")["properties"][section.name]
    said = node
    for _ in range(section.levels):
        said = said["additionalProperties"]
    taken = {name for name, inner in said["properties"].items() if not inner.get("readOnly")}
    assert taken == section.members | set(section.own)
    assert said["x-refused"] == dict(section.refused)


POLLED: dict[str, dict[str, Any]] = {
    **{name: {"EventSourceArn": f"arn:aws:{name}:us-west-2:123456789012:x"} for name in sources.POLLED},
    "self-managed": {"SelfManagedEventSource": {"Endpoints": {}}},
}
# The words by which the service model names the sources that a member is only for, at the start of its text: "(Amazon SQS only) …".
WORDS = {
    "SQS": "sqs", "Kinesis": "kinesis", "DynamoDB": "dynamodb", "MSK": "kafka", "self-managed": "self-managed", "MQ": "mq",
}  # fmt: skip
# Where the model's text does not say it, and the member's own name or AWS's list of kinds of access does.
ONLY_FOR: dict[str, set[str]] = {
    "DocumentDBEventSourceConfig": {"rds"},
    "SelfManagedKafkaEventSourceConfig": {"self-managed"},
    "SourceAccessConfigurations": {"kafka", "mq", "rds", "self-managed"},
}
# What a spec may hold at the least, so that normal form shows every default; nothing stands for a section without any.
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "configuration": [
        configuration.normal_configuration(written, "checkout")
        for written in ({"LoggingConfig": {"LogFormat": "JSON"}}, {"DurableConfig": {"unknown": 1}}, {})
    ],
    "code": [function.FUNCTION.normal({"code": {}}, "checkout")["code"]],
    "aliases": [alias.ALIAS.normal({"FunctionVersion": "1"}, "checkout")],
    "event_invoke": [event_invoke.normal({}, "checkout")],
    "permissions": [],
    "provisioned_concurrency": [],
    "autoscaling": [],
    "PublishLayerVersion/configuration": [layer.normal({"configuration": {}}, "shared")["configuration"]],
    "recursion": [recursion.normal({}, "checkout")],
    "runtime_management": [runtime_management.normal({}, "checkout")],
    "urls": [url.URL.normal({"AuthType": "NONE"}, "checkout")],
    "event_source_mappings": [
        event_source_mapping.normal(source | {"ProvisionedPollerConfig": {"unknown": 1}}, "checkout")
        for source in POLLED.values()
    ],
}
NEVER_FILLED_IN = {
    "FunctionVersion",
    "EventSourceArn",
    "SelfManagedEventSource/Endpoints",
    "AuthType",
}  # the samples say these themselves


def leaves(section: Any) -> Iterator[str]:
    """Every member of the section, at every depth of structures."""

    def below(shape: Any, start: str) -> Iterator[str]:
        for name, member in shape.members.items():
            if service.is_structure(member):
                yield from below(member, f"{start}{name}/")
            else:
                yield start + name

    for operation in section.calls:
        shape: Any = service.request(operation)
        for path in (path.removeprefix(f"{section.inside}/") for path in below(shape, "")):
            if path.split("/")[0] in section.members:
                yield path


def is_filled_in(normal: Any, path: str) -> bool:
    """Whether normal form says something of the member: itself, or that the structure around it is empty."""
    for step in path.split("/"):
        if not isinstance(normal, Mapping) or (normal and step not in normal):
            return False
        if not normal:
            return True
        normal = normal[step]
    return True


@pytest.mark.parametrize("section", CLAIMS, ids=lambda section: section.name)
def test_every_member_has_a_default_or_a_reason_why_none_is_known(section: Any) -> None:
    samples = SAMPLES.get(f"{section.operation}/{section.name}", SAMPLES.get(section.name, []))
    filled = {path for path in leaves(section) for normal in samples if is_filled_in(normal, path)} - NEVER_FILLED_IN
    assert set(leaves(section)) - filled - set(section.no_default) == set(), "neither"
    assert filled & set(section.no_default) == set(), "both"
    assert set(section.no_default) - set(leaves(section)) == set(), "no such member"
    assert all(len(reason.split()) > 1 for reason in section.no_default.values())


def is_for(path: str) -> set[str]:
    """The sources that a mapping's member is for, by the service model's own text about it and what is around it."""
    shape: Any = service.request("CreateEventSourceMapping")
    found = set(ONLY_FOR.get(path.split("/")[0], POLLED))
    for step in path.split("/"):
        shape = shape.members[step]
        only = re.match(r"\(([^)]*)\)", re.sub(r"<[^>]+>", "", shape.documentation or "").strip())
        named = {source for word, source in WORDS.items() if only and word.lower() in only[1].lower()}
        found &= named or found
    return found


@pytest.mark.parametrize("source", POLLED)
def test_every_member_for_a_source_has_a_default_there_or_a_reason(source: str) -> None:
    section = event_source_mapping.EVENT_SOURCE_MAPPINGS
    normal = event_source_mapping.normal(POLLED[source] | {"ProvisionedPollerConfig": {"unknown": 1}}, "checkout")
    wanted = {path for path in leaves(section) if source in is_for(path)} - set(section.no_default)
    assert {path for path in wanted if not is_filled_in(normal, path)} == set()


def test_the_service_model_says_of_some_members_which_sources_they_are_for() -> None:
    assert is_for("ScalingConfig/MaximumConcurrency") == {"sqs"}
    assert is_for("LoggingConfig/SystemLogLevel") == {"kafka", "self-managed"}
    assert is_for("ParallelizationFactor") == {"kinesis", "dynamodb"}
    assert is_for("BatchSize") == set(POLLED)
