"""What FACTS 2 and 3 take from the service model: it fails here when a new botocore says otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.model import StructureShape
from botocore.session import get_session

from reconciler.core import service
from reconciler.sandbox.gate import OPERATIONS

GUARDED = {
    "AddLayerVersionPermission", "AddPermission", "DeleteResourcePolicy", "PublishVersion", "PutResourcePolicy",
    "RemoveLayerVersionPermission", "RemovePermission",
    "UpdateAlias", "UpdateFunctionCode", "UpdateFunctionConfiguration",
}  # fmt: skip


def members(operation: str) -> dict[str, Any]:
    shape = service.model().operation_model(operation).input_shape
    return dict(shape.members) if isinstance(shape, StructureShape) else {}


def test_only_these_of_the_spoken_operations_take_a_revision() -> None:
    assert {operation for operation in OPERATIONS if "RevisionId" in members(operation)} == GUARDED


@pytest.mark.parametrize("operation", ["TagResource", "UntagResource", "PutFunctionConcurrency", "UpdateAlias"])
def test_an_operation_may_conflict_with_another_that_runs(operation: str) -> None:
    errors = {shape.name for shape in service.model().operation_model(operation).error_shapes}
    assert "ResourceConflictException" in errors


@pytest.mark.parametrize("operation", ["UpdateEventSourceMapping", "DeleteEventSourceMapping"])
def test_a_mapping_may_be_in_use(operation: str) -> None:
    errors = {shape.name for shape in service.model().operation_model(operation).error_shapes}
    assert "ResourceInUseException" in errors


def test_the_architecture_is_of_the_code_and_not_of_the_configuration() -> None:
    assert "Architectures" in members("UpdateFunctionCode")
    assert "Architectures" not in members("UpdateFunctionConfiguration")


def test_a_mappings_source_and_start_are_never_updated() -> None:
    fixed = set(members("CreateEventSourceMapping")) - set(members("UpdateEventSourceMapping"))
    assert fixed == {
        "EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "Topics", "Queues", "SelfManagedEventSource",
        "Tags",
    }  # fmt: skip


def test_a_function_can_be_in_these_states() -> None:
    states = service.model().shape_for("State").metadata["enum"]
    assert states == [
        "Pending", "Active", "Inactive", "Failed", "Deactivating", "Deactivated", "ActiveNonInvocable", "Deleting",
    ]  # fmt: skip


# --- waiters -------------------------------------------------------------------------------------------------------

WAITERS = {
    "FunctionActive": ("GetFunctionConfiguration", 5, 60),
    "FunctionUpdated": ("GetFunctionConfiguration", 5, 60),
    "PublishedVersionActive": ("GetFunctionConfiguration", 5, 312),
    "FunctionActiveV2": ("GetFunction", 1, 300),
    "FunctionUpdatedV2": ("GetFunction", 1, 300),
}


@pytest.mark.parametrize(("name", "how"), WAITERS.items(), ids=WAITERS)
def test_a_waiter_polls(name: str, how: tuple[str, int, int]) -> None:
    found = get_session().get_waiter_model("lambda").get_waiter(name)
    assert (found.operation, found.delay, found.max_attempts) == how


@pytest.mark.parametrize("name", WAITERS)
def test_no_waiter_ends_at_a_function_that_is_idle_or_going(name: str) -> None:
    ends = {one.expected for one in get_session().get_waiter_model("lambda").get_waiter(name).acceptors}
    assert not {"Inactive", "ActiveNonInvocable", "Deleting"} & ends
