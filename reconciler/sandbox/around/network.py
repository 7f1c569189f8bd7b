"""Subnets and security groups: looked up for Lambda, and made with ids that specs name, which EC2 lets nobody choose.

A client of EC2 goes in; a VPC's id comes out, or what Lambda answers where something is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from reconciler.sandbox.around import moto_adapter
from reconciler.sandbox.refusals import invalid

# AWS's documentation writes these in its examples: the sandbox takes them at their word.
EXAMPLES = ("subnet-0123456789abcdef0", "sg-0123456789abcdef0")
EXAMPLE_VPC = "vpc-0123456789abcdef0"


def vpc_of(ec2: Any, subnets: Sequence[str], groups: Sequence[str]) -> str:
    """The VPC that subnets are in. Raises what Lambda answers when a subnet or group is not there."""
    vpcs = [_asked(ec2, subnet) for subnet in subnets]
    for group in groups:
        _asked(ec2, group)
    return vpcs[0]


def _asked(ec2: Any, wanted: str) -> str:
    """The VPC of a subnet or group."""
    if wanted in EXAMPLES:
        return EXAMPLE_VPC
    try:
        return str(_described(ec2, wanted))
    except ClientError as error:
        refusal = error.response["Error"]
        what = "DescribeSubnets" if wanted.startswith("subnet-") else "DescribeSecurityGroups"
        raise invalid(
            f"Error occurred while {what}. EC2 Error Code: {refusal['Code']}. EC2 Error Message: {refusal['Message']}"
        ) from error


def _described(ec2: Any, wanted: str) -> str:
    if wanted.startswith("subnet-"):
        return str(ec2.describe_subnets(SubnetIds=[wanted])["Subnets"][0]["VpcId"])
    return str(ec2.describe_security_groups(GroupIds=[wanted])["SecurityGroups"][0]["VpcId"])


def make(ec2: Any, account: str, region: str, wanted: str) -> None:
    """A subnet or security group of that id in the default VPC; one that is there stays."""
    try:
        _described(ec2, wanted)
    except ClientError:
        vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]
        _made(ec2, account, region, vpc, wanted)


def _made(ec2: Any, account: str, region: str, vpc: Any, wanted: str) -> None:
    if wanted.startswith("sg-"):
        group = ec2.create_security_group(GroupName=wanted, Description="Stocked", VpcId=vpc["VpcId"])
        moto_adapter.name_group(account, region, group["GroupId"], wanted)
        return
    number = len(ec2.describe_subnets()["Subnets"])
    network = vpc["CidrBlock"].split(".")
    block = f"{network[0]}.{network[1]}.{255 - number}.0/24"  # the default subnets are at the other end
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock=block)["Subnet"]
    moto_adapter.name_subnet(account, region, subnet["SubnetId"], wanted)
