"""What is around Lambda, asked of moto through boto3: objects, roles, queues and streams, images.

ARNs and names go in; bytes, digests and claims come out. Nothing is ever changed here but the log groups of what runs.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from reconciler.aws.sessions import core_session
from reconciler.sandbox.around import moto_adapter, moto_lambda
from reconciler.sandbox.around.direct import answering
from reconciler.sandbox.around.downloads import Downloads
from reconciler.sandbox.around.moto_adapter import ACCOUNT_HEADER
from reconciler.sandbox.around.networks import Networks
from reconciler.sandbox.refusals import invalid

PREFIX = "SANDBOX"
SERVED = (
    "lambda",
    "logs",
    "application-autoscaling",
    "cloudtrail",
    "cloudwatch",
    "resourcegroupstaggingapi",
)  # what the sandbox has answers of its own for
NOWHERE = "http://127.0.0.1:1"
ANY_KEY = "sandbox"  # moto does not look at it
# What an object is known by need not be what it holds: some stand for others.
NO_RETRIES = Config(
    retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, response_checksum_validation="when_required"
)


def access_key(account: str) -> str:
    """The sandbox's own credentials say their account."""
    return f"{PREFIX}{account}"


class Clients:
    """boto3 clients of the sandbox for any account and region. Safe to share between threads.

    What the sandbox does not answer itself, moto does, which is one a process, and so are these clients. Without an endpoint all
    rely on moto's mock_aws; `check` is then asked, before each client is used, that it is active.
    """

    def __init__(self, endpoint_url: str | None, check: Callable[[], None] = lambda: None) -> None:
        self.endpoint_url = endpoint_url
        self._check = check
        self._made: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()
        self.networks = Networks(lambda account, region: self._client("ec2", account, region))

    def get(self, api: str, account: str, region: str) -> Any:
        if api == "ec2":
            self.networks.appear()
        return self._client(api, account, region)

    def _client(self, api: str, account: str, region: str) -> Any:
        self._check()
        if self.endpoint_url and api not in SERVED:
            return _of_moto(api, account, region)
        with self._lock:
            key = (api, account, region)
            if key not in self._made:
                self._made[key] = _client(access_key(account), None, api, region, self.endpoint_url)
                if not self.endpoint_url:
                    self._made[key].meta.events.register("before-call", _accounted(account))
            return self._made[key]

    def account_of(self, key: str) -> str:
        """The account of credentials that AssumeRole gave, or of any others that moto takes."""
        return self.arn_of(key).split(":")[4]

    def arn_of(self, key: str) -> str:
        """Whose such credentials are."""
        self._check()
        client = _client(key, ANY_KEY, "sts", "us-east-1", self.endpoint_url)
        try:
            return str(client.get_caller_identity()["Arn"])
        finally:
            client.close()

    def close(self) -> None:
        with self._lock:
            for client in self._made.values():
                client.close()
            self._made.clear()


def _client(key: str, token: str | None, api: str, region: str, endpoint_url: str | None) -> Any:
    session = boto3.Session(key, ANY_KEY, token, botocore_session=core_session())
    return session.client(api, region_name=region, endpoint_url=endpoint_url, config=NO_RETRIES)  # type: ignore[call-overload]


@cache
def _of_moto(api: str, account: str, region: str) -> Any:
    """A client that moto answers, by no socket."""
    made = _client(access_key(account), None, api, region, NOWHERE)
    made.meta.events.register_first("before-send", answering(moto_lambda.responding(account)))
    return made


def _accounted(account: str) -> Callable[..., None]:
    def add(params: dict[str, Any], **_: Any) -> None:
        params["headers"][ACCOUNT_HEADER] = account

    return add


class Around:
    """The world of one account and region. Roles, once seen, are remembered; an ARN is asked for in its own account."""

    def __init__(self, clients: Clients, downloads: Downloads, account: str, region: str) -> None:
        self._clients, self._downloads, self._account, self._region = clients, downloads, account, region
        self._roles: set[str] = set()

    def object(self, bucket: str, key: str, version: str | None) -> tuple[bytes, str]:
        """The bytes of an object and its version id, "" where the bucket keeps no versions."""
        params = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
        try:
            answer = self._clients.get("s3", self._account, self._region).get_object(**params)
        except ClientError as error:
            refusal = error.response.get("Error", {})
            raise invalid(
                f"Error occurred while GetObject. S3 Error Code: {refusal.get('Code')}. S3 Error Message: {refusal.get('Message')}"
            ) from error
        return answer["Body"].read(), answer.get("VersionId", "")

    def can_assume(self, role: str) -> bool:
        """Whether the role is there and trusts Lambda."""
        if role in self._roles:
            return True
        account, name = role.split(":")[4], role.rpartition("/")[2]
        try:
            answer = self._clients.get("iam", account, self._region).get_role(RoleName=name)["Role"]
        except (ClientError, BotoCoreError):
            return False
        if "lambda.amazonaws.com" not in json.dumps(answer.get("AssumeRolePolicyDocument", {})):
            return False
        self._roles.add(role)
        return True

    def has_principal(self, arn: str) -> bool:
        """Whether a role or user of IAM is there; who else may stand in a policy is taken at the word."""
        account, kind, name = arn.split(":")[4], arn.split(":")[5].partition("/")[0], arn.rpartition("/")[2]
        iam = self._clients.get("iam", account, self._region)
        with suppress(ClientError, BotoCoreError):
            match kind:
                case "role":
                    iam.get_role(RoleName=name)
                case "user":
                    iam.get_user(UserName=name)
            return True
        return False

    def check_source(self, arn: str) -> None:
        """Raises what Lambda answers when a queue, stream or table is not there; any other kind of source is taken at its word."""
        _, _, service, region, account, name = arn.split(":", 5)
        try:
            match service:
                case "sqs":
                    self._clients.get("sqs", account, region).get_queue_url(QueueName=name)
                case "kinesis":
                    stream = name.split("/")[1]
                    self._clients.get("kinesis", account, region).describe_stream_summary(StreamName=stream)
                case "dynamodb":
                    self._clients.get("dynamodb", account, region).describe_table(TableName=name.split("/")[1])
        except (ClientError, BotoCoreError) as error:
            missing = (
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
                "SQS Error Message: The specified queue does not exist."
            )
            raise invalid(missing if service == "sqs" else f"Stream not found: {arn}") from error

    def vpc_of(self, subnets: Sequence[str], groups: Sequence[str]) -> str:
        """The VPC of subnets. Raises what Lambda answers when one of them or a security group is not there."""
        return self._clients.networks.check(self._account, self._region, subnets, groups)

    def download(self, name: str, content: bytes) -> str:
        """The address of code, which needs no credentials."""
        return self._downloads.address(self._account, self._region, name, content)

    def log_into(self, group: str) -> None:
        """Whoever logs first makes the group."""
        if group not in moto_adapter.log_groups(self._account, self._region):
            moto_adapter.make_log_group(self._account, self._region, group, {}, None)

    def log(self, group: str, stream: str, lines: Sequence[str]) -> None:
        """What an invocation logged; a group that is gone meanwhile takes nothing."""
        moto_adapter.write_log(self._account, self._region, group, stream, lines)

    def image_digest(self, uri: str) -> str:
        """The hex digest of a tag; outside ECR there is no registry to ask, so it is made of the address."""
        host, _, rest = uri.partition("/")
        repository, _, tag = rest.partition(":")
        if ".dkr.ecr." not in host:
            return hashlib.sha256(uri.encode()).hexdigest()
        account, region = host.split(".")[0], host.split(".")[3]
        wanted = [{"imageTag": tag or "latest"}]
        try:
            images = self._clients.get("ecr", account, region).describe_images(
                repositoryName=repository, imageIds=wanted
            )
        except (ClientError, BotoCoreError) as error:
            raise invalid(f"Source image {uri} does not exist. Provide a valid source image.") from error
        return str(images["imageDetails"][0]["imageDigest"]).removeprefix("sha256:")
