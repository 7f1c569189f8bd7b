"""Houses that tests of several behaviours begin with: with functions applied, with a lock, with what is not ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

from reconciler.aws import bucket
from tests.conftest import CONFIG, ROLE, House, function_spec

OURS = CONFIG + "managedBy: shop\n"


# A configuration's member, of a function on managed instances.
MANAGED = (
    "CapacityProviderConfig: {LambdaManagedInstancesCapacityProviderConfig: "
    "{CapacityProviderArn: 'arn:aws:lambda:us-west-2:123456789012:capacity-provider:p'}}\n"
)
ABSENT = "function: {}\naccount: test\nregion: us-west-2\nstate: absent\n"


def house_of(house: House, *names: str, config: str = OURS) -> House:
    """A house with these functions applied, the writes forgotten."""
    house.write("reconcile.yaml", config, stock=False)
    for name in names:
        house.write(f"{name}.yaml", function_spec(name))
    if names:
        house.apply()
    house.writes()
    return house


def foreign(house: House, name: str, **tags: str) -> None:
    house.lambda_.create_function(
        FunctionName=name, Runtime="python3.13", Handler="lambda_function.lambda_handler", Role=ROLE, Tags=tags,
        Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"}, Timeout=99,
    )  # fmt: skip
    house.sandbox.requests.clear()


LOCKED = OURS + "lock: s3://locks/shop.lock\n"


def locked_house(house: House) -> House:
    house.sandbox.clients.get("s3", "123456789012", "us-west-2").create_bucket(
        Bucket="locks", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    return house_of(house, config=LOCKED)


def s3_store(house: House) -> bucket.Store:
    from reconciler.aws.client import Aws
    from reconciler.core.accounts import Account
    from reconciler.core.place import Place

    aws = Aws({"test": Account("test", is_enabled=True)})
    return lambda operation, params: aws.call(Place("test", "us-west-2"), operation, params, api="s3").result


def commit(folder: Path, message: str) -> str:
    command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    subprocess.run([*command, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*command, "commit", "-qm", message], cwd=folder, check=True)
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()
