"""Which runtimes AWS takes, as FACTS 1.1 records it: new functions of some are refused while functions that have them are updated.

A runtime's name goes in; nothing comes out, or what AWS answers to it.
"""

from __future__ import annotations

import re

from reconciler.core import service
from reconciler.sandbox.refusals import invalid

NO_LONGER_SUPPORTED = {
    "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "nodejs", "nodejs10.x", "nodejs12.x",
    "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "python2.7", "python3.6", "ruby2.5",
}  # fmt: skip
NOT_CREATED = {"go1.x", "java8", "nodejs14.x", "provided", "python3.7", "ruby2.7"} | NO_LONGER_SUPPORTED
# The order of the recordings (FACTS 9.2), with names that no model has.
TOLD = (
    "nodejs20.x", "python3.14", "provided.al2023", "python3.12", "python3.13", "nodejs24.x", "nodejs22.x", "java17",
    "nodejs16.x", "java25", "dotnet8", "python3.10", "java11", "python3.11", "dotnet6", "java21", "nodejs18.x",
    "provided.al2", "ruby3.3", "ruby3.4", "java8.al2", "ruby3.2", "python3.8", "python3.9",
)  # fmt: skip
TOLD_OF_LAYERS = (
    "ruby3.5", "ruby2.6", "dotnetcore1.0", "python3.7", "nodejs8.10", "nasa", "ruby2.7", "python2.7-greengrass",
    "dotnetcore2.0", "python3.8", "java21", "dotnet6", "dotnetcore2.1", "python3.9", "java11", "nodejs6.10", "provided",
    "dotnetcore3.1", "dotnet8", "java25", "java17", "nodejs", "nodejs4.3", "java8.al2", "go1.x", "dotnet10",
    "nodejs20.x", "go1.9", "byol", "nodejs10.x", "provided.al2023", "nodejs22.x", "python3.10", "java8", "nodejs12.x",
    "python3.11", "nodejs24.x", "nodejs8.x", "python3.12", "nodejs14.x", "nodejs8.9", "nodejs26.x", "python3.13",
    "python3.14", "nodejs16.x", "python3.15", "provided.al2", "nodejs4.3-edge", "nodejs18.x", "ruby3.2", "python3.4",
    "ruby3.3", "ruby3.4", "ruby2.5", "python3.6", "python2.7",
)  # fmt: skip
WITHOUT_SNAPSHOTS = re.compile(r"(nodejs|ruby|provided|go|java8|dotnet6|dotnetcore).*|python(2.*|3\.[0-9]|3\.1[01])")


def words() -> list[str]:
    """The runtimes of new functions, in the order in which AWS tells them; those that are newer than the recording come last."""
    known = service.model().shape_for("Runtime").metadata["enum"]
    return [*TOLD, *(word for word in known if word not in NOT_CREATED and word not in TOLD)]


def check(runtime: str, *, is_new: bool) -> None:
    """Raises what AWS answers to a runtime that it does not know, or not any more."""
    known = service.model().shape_for("Runtime").metadata["enum"]
    if runtime in (NOT_CREATED if is_new else NO_LONGER_SUPPORTED):
        raise invalid(
            f"The runtime parameter of {runtime} is no longer supported for creating or updating "
            "AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions."
        )
    if runtime not in known and not runtime.startswith("arn:"):
        raise invalid(
            f"Value {runtime} at 'runtime' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(words())}] or be a valid ARN"
        )


def check_snapshots(runtime: str) -> None:
    if WITHOUT_SNAPSHOTS.fullmatch(runtime):
        raise invalid(f"{runtime} is not supported for SnapStart enabled functions.")
