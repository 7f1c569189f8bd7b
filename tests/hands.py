"""Somebody else's hands on a sandbox: a client of Lambda that is not ours, with a name and a program of its own."""

from __future__ import annotations

from functools import partial
from typing import Any

import boto3
from botocore.config import Config

from reconciler.sandbox import Sandbox
from reconciler.sandbox.around.world import access_key
from tests.conftest import ACCOUNT, REGION

CONSOLE = "console.amazonaws.com"


def by_hand(sandbox: Sandbox, agent: str = CONSOLE, *, role: str = "", session: str = "ada@example.com") -> Any:
    """With the sandbox's own key, or that of a role."""
    client: Any = partial(boto3.client, region_name=REGION, endpoint_url=sandbox.endpoint_url)
    keys = {"aws_access_key_id": access_key(ACCOUNT), "aws_secret_access_key": "x"}
    if role:
        lent = client("sts", **keys).assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName=session
        )["Credentials"]
        keys |= {"aws_access_key_id": lent["AccessKeyId"], "aws_session_token": lent["SessionToken"]}
    return client("lambda", **keys, config=Config(user_agent=agent))
