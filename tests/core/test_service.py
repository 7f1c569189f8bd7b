"""Which calls of which API change something, told by their names."""

from __future__ import annotations

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
