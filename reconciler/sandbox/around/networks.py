"""Subnets and security groups that specs name: there for Lambda at once, and for EC2 as soon as it is asked for.

moto's EC2 takes a while to load, and most runs never ask it. Until then the ids are only written down, all of them in one VPC of each
place; then they are made, with those very ids, which EC2 itself lets nobody choose. From then on EC2 alone says what is there.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from reconciler.sandbox.around import moto_adapter
from reconciler.sandbox.refusals import Refused, invalid

# AWS's documentation writes these in its examples: they are there everywhere.
EXAMPLES = ("subnet-0123456789abcdef0", "sg-0123456789abcdef0")

Place = tuple[str, str]


class Networks:
    """Of all accounts and regions. `client_of(account, region)` is one of EC2. Safe to share between threads."""

    def __init__(self, client_of: Callable[[str, str], Any]) -> None:
        self._client_of = client_of
        self._written: dict[Place, list[str]] = {}
        self._made: set[Place] = set()
        self._lock = threading.Lock()

    def write_down(self, account: str, region: str, wanted: str) -> None:
        """A subnet or security group of that id is to be there."""
        with self._lock:
            place = (account, region)
            held = self._written.setdefault(place, [*EXAMPLES])
            if wanted not in held:
                held.append(wanted)
                if place in self._made:
                    _make(self._client_of(*place), place, wanted)

    def appear(self) -> None:
        """Make what is only written down: EC2 is asked."""
        with self._lock:
            for place in self._written.keys() - self._made:
                moto_adapter.make_vpc(*place, vpc_of(*place))
                for wanted in self._written[place]:
                    _make(self._client_of(*place), place, wanted)
                self._made.add(place)

    def check(self, account: str, region: str, subnets: Sequence[str], groups: Sequence[str]) -> str:
        """The VPC that subnets are in. Raises what Lambda answers when a subnet or group is not there."""
        with self._lock:
            held = self._written.setdefault((account, region), [*EXAMPLES])
            if (account, region) not in self._made and {*subnets, *groups} <= {*held}:
                return vpc_of(account, region)
        self.appear()
        ec2 = self._client_of(account, region)
        return [_asked(ec2, wanted) for wanted in (*groups, *subnets)][-1]


def vpc_of(account: str, region: str) -> str:
    """The VPC of what was written down."""
    return f"vpc-{hashlib.sha256(f'{account} {region}'.encode()).hexdigest()[:17]}"


def _asked(ec2: Any, wanted: str) -> str:
    """The VPC of a subnet or group."""
    try:
        if wanted.startswith("subnet-"):
            return str(ec2.describe_subnets(SubnetIds=[wanted])["Subnets"][0]["VpcId"])
        return str(ec2.describe_security_groups(GroupIds=[wanted])["SecurityGroups"][0]["VpcId"])
    except ClientError as error:
        refusal = error.response["Error"]
        what = "DescribeSubnets" if wanted.startswith("subnet-") else "DescribeSecurityGroups"
        message = refusal["Message"].replace("'{'", "'").replace("'}'", "'")  # moto names a set of one
        raise invalid(
            f"Error occurred while {what}. EC2 Error Code: {refusal['Code']}. EC2 Error Message: {message}"
        ) from error


def _make(ec2: Any, place: Place, wanted: str) -> None:
    vpc = vpc_of(*place)
    with suppress(Refused):  # another sandbox of this process has made it
        _asked(ec2, wanted)
        return
    if wanted.startswith("sg-"):
        group = ec2.create_security_group(GroupName=wanted, Description="Stocked", VpcId=vpc)
        moto_adapter.name_group(*place, group["GroupId"], wanted)
        return
    number = len(ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"])
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24")["Subnet"]
    moto_adapter.name_subnet(*place, subnet["SubnetId"], wanted)
