"""Completeness: every member of every call that we make by a section's word is taken by it, or refused with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core import service
from reconciler.files import validation
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


@pytest.mark.parametrize("section", CLAIMS, ids=lambda section: section.name)
def test_a_reason_is_for_a_member_that_there_is(section: Any) -> None:
    there = frozenset().union(*(service.members(operation) for operation in section.calls))
    assert set(section.refused) - there == set()


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_what_a_section_takes_and_refuses_is_what_its_schema_says(section: Any) -> None:
    node = validation.load_schema("function")["properties"][section.name]
    said = node if "properties" in node else node["additionalProperties"]
    ours = {"code": {"path", "sha256"}, "event_source_mappings": {"alias"}}.get(section.name, set())
    taken = {name for name, inner in said["properties"].items() if not inner.get("readOnly")}
    assert taken == section.members | ours
    assert said["x-refused"] == dict(section.refused)
