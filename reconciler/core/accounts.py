"""The accounts that specs name, as reconcile.yaml tells of them, and what a run in them may not go beyond. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.core.model import Properties
from reconciler.core.values import LocalArn

PARTITIONS: Mapping[str, str] = {  # what a region's name begins with -> its partition; all others are in `aws`
    "cn": "aws-cn", "us-gov": "aws-us-gov", "us-iso": "aws-iso", "us-isob": "aws-iso-b", "us-isof": "aws-iso-f",
    "eu-isoe": "aws-iso-e", "eusc-de": "aws-eusc",
}  # fmt: skip


def partition_of(region: str) -> str:
    return PARTITIONS.get(region.rpartition("-")[0].rpartition("-")[0], "aws")


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account as specs name it. `assume_role` is an ARN or `role/NAME`; empty strings mean not given."""

    name: str
    is_enabled: bool = False
    account_id: str = ""
    regions: tuple[str, ...] = ()
    assume_role: str = ""
    session_name: str = ""
    external_id: str = ""
    session_duration_seconds: int = 0
    profile: str = ""

    @property
    def role_arn(self) -> str:
        """The role's whole ARN, in the partition of the account's regions."""
        if not self.assume_role or self.assume_role.startswith("arn:"):
            return self.assume_role
        region = self.regions[0] if self.regions else ""
        return f"arn:{partition_of(region)}:iam::{self.account_id}:role/{self.assume_role.removeprefix('role/')}"

    def is_reached_as(self, other: Account | None) -> bool:
        """Whether both are one account by all that says so, and not by their name alone."""
        return other is not None and replace(self, is_enabled=other.is_enabled, regions=other.regions) == other


@dataclass(frozen=True, slots=True)
class Guards:
    """How many functions one run may delete or replace; None is no limit of that sort."""

    max_deletes: int | None = None
    max_delete_percent: float | None = None


def with_whole_arns(params: Properties, region: str, account_id: str) -> dict[str, Any]:
    """Params with what a region and an account's number say before the ends of ARNs."""
    start = f"arn:{partition_of(region)}:lambda:{region}:{account_id}:"
    return {name: start + value if isinstance(value, LocalArn) else value for name, value in params.items()}
