"""Which calls of which API change something, told by their names."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core import service
from reconciler.core.service import is_change


def test_lambdas_calls_that_read_are_those_that_it_calls_get() -> None:
    """By the model's own word of it, which the APIs beside Lambda do not have."""
    lambda_model = service.model()
    for name in lambda_model.operation_names:
        assert is_change(name, "lambda") == (lambda_model.operation_model(name).http["method"] != "GET"), name


@pytest.mark.parametrize(
    ("operation", "api"), [("GetFunction", "lambda"), ("TagResource", "lambda"), ("CreateLogGroup", "logs")]
)
def test_an_operation_is_of_the_first_api_that_has_it(operation: str, api: str) -> None:
    assert service.api_of(operation) == api
    assert service.members(operation)


def test_what_is_of_another_api_changes_nothing_that_a_plan_speaks_of() -> None:
    assert is_change("CreateLogGroup", "logs")
    assert not is_change("DescribeLogGroups", "logs")
    assert not is_change("PutObject", "s3")


def valued(shape: Any, depth: int = 6) -> Any:
    """A value of a shape, every text of which is another."""
    if service.is_structure(shape):
        return {name: valued(member, depth - 1) for name, member in shape.members.items() if depth}
    if service.is_map(shape):
        return {"key": valued(shape.value, depth - 1)} if depth else {}
    if service.is_list(shape):
        return [valued(shape.member, depth - 1), valued(shape.member, depth - 1)] if depth else []
    return f"{shape.name}{depth}"


def test_what_is_sensitive_is_found_in_every_answer_though_not_all_of_it_is_looked_through() -> None:
    found = 0
    for api in service.APIS:
        for name in service.model(api).operation_names:
            shape = service.model(api).operation_model(name).output_shape
            answer = valued(shape) if shape else {}
            sensitive = [text for text, is_sensitive in service.texts(answer, shape) if is_sensitive]
            assert sorted(service.sensitive_texts(answer, shape)) == sorted(sensitive), name
            found += len(sensitive)
    assert found
