"""Completeness of Lambda's surface: whatever a call around a function takes is a member of a section, or refused with a reason; and a
call that nobody makes says why not. A kind that is registered claims its calls by that alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from reconciler.core import service
from reconciler.kinds.base import IS_A_GUARD, IS_THE_FUNCTION, Kind, Section
from reconciler.kinds.registry import KINDS

SURFACE: Mapping[str, tuple[str, ...]] = {
    "function URLs": (
        "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig", "GetFunctionUrlConfig", "ListFunctionUrlConfigs",
        "DeleteFunctionUrlConfig",
    ),
    "policies by statements": ("AddPermission", "RemovePermission", "GetPolicy"),
    "policies whole": ("PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"),
    "asynchronous invocation": (
        "PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig", "GetFunctionEventInvokeConfig",
        "ListFunctionEventInvokeConfigs", "DeleteFunctionEventInvokeConfig",
    ),
    "reserved concurrency": ("PutFunctionConcurrency", "GetFunctionConcurrency", "DeleteFunctionConcurrency"),
    "provisioned concurrency": (
        "PutProvisionedConcurrencyConfig", "GetProvisionedConcurrencyConfig", "ListProvisionedConcurrencyConfigs",
        "DeleteProvisionedConcurrencyConfig",
    ),
    "autoscaling": (
        "RegisterScalableTarget", "DescribeScalableTargets", "DeregisterScalableTarget", "PutScalingPolicy",
        "DescribeScalingPolicies", "DeleteScalingPolicy", "PutScheduledAction", "DescribeScheduledActions",
        "DeleteScheduledAction",
    ),
    "recursive loops": ("PutFunctionRecursionConfig", "GetFunctionRecursionConfig"),
    "runtime management": ("PutRuntimeManagementConfig", "GetRuntimeManagementConfig"),
    "code signing": (
        "PutFunctionCodeSigningConfig", "GetFunctionCodeSigningConfig", "DeleteFunctionCodeSigningConfig",
        "ListFunctionsByCodeSigningConfig", "ListCodeSigningConfigs", "CreateCodeSigningConfig",
        "UpdateCodeSigningConfig", "DeleteCodeSigningConfig",
    ),
    "log groups": (
        "CreateLogGroup", "DescribeLogGroups", "PutRetentionPolicy", "DeleteRetentionPolicy", "AssociateKmsKey",
        "DisassociateKmsKey",
    ),
    "managed instances": ("PutFunctionScalingConfig", "GetFunctionScalingConfig"),
    "layers": (
        "PublishLayerVersion", "GetLayerVersion", "GetLayerVersionByArn", "ListLayers", "ListLayerVersions",
        "DeleteLayerVersion", "AddLayerVersionPermission", "RemoveLayerVersionPermission", "GetLayerVersionPolicy",
    ),
    "capacity providers": (
        "CreateCapacityProvider", "UpdateCapacityProvider", "GetCapacityProvider", "ListCapacityProviders",
        "DeleteCapacityProvider",
    ),
}  # fmt: skip
OPERATIONS = [operation for operations in SURFACE.values() for operation in operations]

IS_READ_TO_ITS_END = "a listing is read to its end, by the seam"
# What says which thing a call is about, or how much of a listing it answers: no section's to take.
ADDRESSING: Mapping[str, str] = {
    "FunctionName": IS_THE_FUNCTION,
    "Qualifier": "the name under a section, where AWS keeps one thing for each qualifier",
    "StatementId": "the name below a qualifier",
    "LayerName": "the spec's `layer`",
    "VersionNumber": "the newest version is compared, and older ones go by the spec's `keep`",
    "Arn": "the newest version, as the listing tells it",
    "CompatibleRuntime": "a layer is found by its name, whatever it is for",
    "CompatibleArchitecture": "a layer is found by its name, whatever it is for",
    "RevisionId": IS_A_GUARD,
    "Marker": IS_READ_TO_ITS_END,
    "MaxItems": IS_READ_TO_ITS_END,
    "nextToken": IS_READ_TO_ITS_END,
    "limit": IS_READ_TO_ITS_END,
    "logGroupIdentifiers": "groups are asked for by the names that their functions write to",
    "logGroupNamePrefix": "groups are asked for by their whole names",
    "logGroupNamePattern": "groups are asked for by their whole names",
    "accountIdentifiers": "groups are those of the function's own account",
    "includeLinkedAccounts": "groups are those of the function's own account",
    "ResourceIds": "targets are those of the functions that have them",
    "PolicyNames": "policies are those of a target",
    "ScheduledActionNames": "actions are those of a target",
    "MaxResults": IS_READ_TO_ITS_END,
    "NextToken": IS_READ_TO_ITS_END,
    "logGroupClass": "a group is found whatever its class is",
}
IS_OF_THE_ACCOUNT = "of the account and no function's; made by others, and named by its ARN"
SAYS_WHO_MAY = "who else may use a version of a layer is said to AWS by hand"
NOT_MADE: Mapping[str, str] = {
    "UpdateFunctionEventInvokeConfig": "keeps what is left out; Put sets the whole of it",
    "GetFunctionConcurrency": "GetFunction tells the same, and is asked already",
    **dict.fromkeys(("CreateCodeSigningConfig", "UpdateCodeSigningConfig", "DeleteCodeSigningConfig"), IS_OF_THE_ACCOUNT),
    **dict.fromkeys(SURFACE["capacity providers"], IS_OF_THE_ACCOUNT),
    **dict.fromkeys(
        ("AddLayerVersionPermission", "RemoveLayerVersionPermission", "GetLayerVersionPolicy"), SAYS_WHO_MAY
    ),
}  # fmt: skip


def made(kind: Kind) -> Iterator[str]:
    """Every call that is made of a kind."""
    reading = kind.reading
    yield from (call.operation for call in kind.calls)
    yield reading.single("checkout", "live/bucket")[0]
    yield from (way.operation for way in (reading.listing, reading.everywhere, reading.together) if way)
    yield from (other.listing.operation for other in reading.beside)
    yield from (reading.rest({"LayerVersionArn": "arn"})[0],) if reading.rest else ()
    yield from (reading.users.listing.operation,) if reading.users else ()
    if reading.holders:
        yield from (reading.holders.operation, reading.holders.values.operation)


def sections_of(operation: str) -> list[Section]:
    return [
        section
        for kind in KINDS.values()
        for section in kind.sections
        if operation in made(kind) or operation in section.calls
    ]


def unclaimed(operation: str) -> frozenset[str]:
    """The members of a call that no section takes and nobody says why not."""
    sections = sections_of(operation)
    taken = frozenset().union(*(section.members | set(section.refused) for section in sections))
    return service.members(operation) - taken - set(ADDRESSING)


@pytest.mark.parametrize("operation", [operation for operation in OPERATIONS if operation not in NOT_MADE])
def test_every_member_of_a_call_around_a_function_is_claimed_or_refused(operation: str) -> None:
    assert sections_of(operation) != [], "no kind makes it, and nobody says why not"
    assert unclaimed(operation) == frozenset()


@pytest.mark.parametrize("operation", NOT_MADE)
def test_a_call_that_is_said_not_to_be_made_is_made_by_no_kind(operation: str) -> None:
    assert operation in OPERATIONS
    assert len(NOT_MADE[operation].split()) > 3
    assert sections_of(operation) == [], "a kind makes it: take it out of NOT_MADE"


def test_a_reason_for_an_address_is_for_a_member_that_there_is() -> None:
    there = frozenset().union(*map(service.members, set(OPERATIONS) - set(NOT_MADE)))
    assert set(ADDRESSING) - there == set()


def test_a_member_that_nobody_names_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The net itself: a call with a member that is newer than this release, where no section takes members by itself."""
    known = service.members
    monkeypatch.setattr(service, "members", lambda operation: known(operation) | {"Newest"})
    assert unclaimed("DescribeLogGroups") == {"Newest"}
    assert unclaimed("PutFunctionConcurrency") == frozenset()
