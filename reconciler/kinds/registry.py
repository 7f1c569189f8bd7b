"""Every kind, section and call. A new kind is one module, one word in KINDS, and its operations in ORDER."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from reconciler.core.model import Live, Target
from reconciler.core.waiting import Wait
from reconciler.kinds import (
    alias,
    code,
    code_signing,
    concurrency,
    configuration,
    event_invoke,
    event_source_mapping,
    function,
    layer,
    layer_version,
    log_group,
    permission,
    policy,
    provisioned_concurrency,
    recursion,
    runtime_management,
    scaling,
    url,
    version,
)
from reconciler.kinds.base import Call, Kind, Section
from reconciler.kinds.reading import function_of

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        function.FUNCTION,
        log_group.FUNCTION_LOG_GROUP,
        version.VERSION,
        alias.ALIAS,
        code_signing.SIGNED_CODE,
        recursion.RECURSIVE_LOOP,
        runtime_management.MANAGED_RUNTIME,
        concurrency.RESERVED_CONCURRENCY,
        scaling.MANAGED_SCALE,
        url.URL,
        permission.PERMISSION,
        policy.WHOLE_POLICY,
        event_invoke.ASYNCHRONOUS,
        provisioned_concurrency.KEPT_STARTED,
        event_source_mapping.EVENT_SOURCE_MAPPING,
        layer.LAYER,
        layer_version.LAYER_VERSION,
    )
}
CALLS: Mapping[str, Call] = {call.operation: call for kind in KINDS.values() for call in kind.calls}
WAITS: Mapping[str, Wait] = {wait.name: wait for kind in KINDS.values() for wait in kind.waits}
# The one safe order of a target's operations (FACTS 2.12), as KIND/OPERATION; those of one line go by resource.
ORDER: tuple[tuple[str, ...], ...] = (
    ("layer/PublishLayerVersion",),
    ("log_group/CreateLogGroup",),
    ("log_group/PutRetentionPolicy", "log_group/DeleteRetentionPolicy"),
    ("log_group/AssociateKmsKey", "log_group/DisassociateKmsKey"),
    ("function/UntagResource",),
    ("function/TagResource",),
    ("function/CreateFunction", "function/UpdateFunctionConfiguration"),
    ("code_signing/DeleteFunctionCodeSigningConfig", "code_signing/PutFunctionCodeSigningConfig"),
    ("recursion/PutFunctionRecursionConfig",),
    ("runtime_management/PutRuntimeManagementConfig",),
    ("function/UpdateFunctionCode",),
    ("provisioned_concurrency/DeregisterScalableTarget",),
    ("provisioned_concurrency/DeleteProvisionedConcurrencyConfig",),  # makes room for what is reserved, and for another
    ("concurrency/PutFunctionConcurrency",),
    ("version/PublishVersion",),
    ("scaling/PutFunctionScalingConfig",),
    ("alias/Invoke",),  # what a rollout's candidate must pass before it has any traffic
    ("alias/CreateAlias", "alias/UpdateAlias"),
    ("url/CreateFunctionUrlConfig", "url/UpdateFunctionUrlConfig"),
    ("permission/AddPermission",),
    ("policy/PutResourcePolicy",),
    ("event_invoke/PutFunctionEventInvokeConfig",),
    ("provisioned_concurrency/PutProvisionedConcurrencyConfig",),
    ("provisioned_concurrency/RegisterScalableTarget",),
    (
        "provisioned_concurrency/DeleteScalingPolicy",
        "provisioned_concurrency/PutScalingPolicy",
        "provisioned_concurrency/DeleteScheduledAction",
        "provisioned_concurrency/PutScheduledAction",
    ),
    (
        "event_source_mapping/UntagResource",
        "event_source_mapping/TagResource",
        "event_source_mapping/CreateEventSourceMapping",
        "event_source_mapping/UpdateEventSourceMapping",
    ),
    ("event_source_mapping/DeleteEventSourceMapping",),
    ("event_invoke/DeleteFunctionEventInvokeConfig",),
    ("url/DeleteFunctionUrlConfig",),
    ("permission/RemovePermission",),
    ("policy/DeleteResourcePolicy",),
    ("concurrency/DeleteFunctionConcurrency",),
    ("alias/DeleteAlias",),
    ("version/DeleteFunction",),
    ("function/DeleteFunction",),
    ("layer_version/DeleteLayerVersion",),
)
RANKS: Mapping[str, int] = {entry: rank for rank, line in enumerate(ORDER) for entry in line}
# What a target can be beside a function, as its address says it.
ROOTS = (layer.LAYER.name, layer_version.LAYER_VERSION.name)
CLAIMS: tuple[Section, ...] = tuple(section for kind in KINDS.values() for section in kind.sections)
FUNCTION_SECTIONS = (configuration.CONFIGURATION.name, code.CODE.name, "tags")
# Of each section the kind whose names stand in it; what stands below a word there is another kind's.
NAMED_SECTIONS: Mapping[str, str] = {
    kind.section: kind.name
    for kind in KINDS.values()
    if kind.of == function.FUNCTION.name and not kind.is_root and not kind.below
}
# The kinds that a function is told by, as a spec of it; versions are only ever named to be deleted.
TOLD = tuple(name for name in NAMED_SECTIONS.values() if name != version.VERSION.name)
SECTION_NAMES = (*FUNCTION_SECTIONS, *NAMED_SECTIONS)
# The sections whose entries are AWS's members; `versions` are only ever named to be deleted.
SECTIONS: tuple[Section, ...] = tuple(
    section
    for kind in KINDS.values()
    if kind.of == function.FUNCTION.name
    for section in kind.sections
    if section.name in SECTION_NAMES
)


def kinds_of(target: Target) -> tuple[Kind, ...]:
    """The kinds that a target may have resources of."""
    return _kinds_of(target.root)


@cache
def _kinds_of(root: str) -> tuple[Kind, ...]:
    return tuple(kind for kind in KINDS.values() if kind.of == KINDS[root].of)


def may_be_of(kind: Kind, target: Target) -> bool:
    """Whether a target may have resources of a kind."""
    return kind.of == KINDS[target.root].of


def state_of(live: Live) -> Live:
    """A live resource with its properties in the form that is compared."""
    function = function_of(live.handle) or live.key.target.function
    kind = KINDS[live.key.kind]
    return Live(live.key, kind.state(kind.as_stored(live), function), live.handle)
