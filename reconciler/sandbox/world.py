"""What is around Lambda, asked of moto through boto3: objects, roles, queues and streams, images."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler.aws import core_session
from reconciler.sandbox.wire import Refused

ANY_KEY = "sandbox"  # moto does not look at it
NO_RETRIES = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


class Clients:
    """boto3 clients of the sandbox for any account and region. Safe to share between threads."""

    def __init__(self, endpoint_url: str | None) -> None:
        self._endpoint_url = endpoint_url
        self._made: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()

    def get(self, api: str, account: str, region: str) -> Any:
        with self._lock:
            key = (api, account, region)
            if key not in self._made:
                session = boto3.Session(access_key(account), ANY_KEY, botocore_session=core_session())
                self._made[key] = session.client(
                    api, region_name=region, endpoint_url=self._endpoint_url, config=NO_RETRIES
                )  # type: ignore[call-overload]
            return self._made[key]

    def account_of(self, key: str) -> str:
        """The account of credentials that AssumeRole gave."""
        session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=ANY_KEY, aws_session_token=ANY_KEY)
        client = session.client("sts", region_name="us-east-1", endpoint_url=self._endpoint_url, config=NO_RETRIES)
        return str(client.get_caller_identity()["Account"])


def access_key(account: str) -> str:
    """The sandbox's own credentials say their account."""
    return f"SANDBOX{account}"


class Around:
    """The world of one account and region. Roles, once seen, are remembered."""

    def __init__(self, clients: Clients, account: str, region: str) -> None:
        self._clients, self._account, self._region = clients, account, region
        self._roles: set[str] = set()

    def _client(self, api: str) -> Any:
        return self._clients.get(api, self._account, self._region)

    def object(self, bucket: str, key: str, version: str | None) -> bytes:
        params = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
        try:
            content: bytes = self._client("s3").get_object(**params)["Body"].read()
        except ClientError as error:
            told = error.response.get("Error", {})
            message = f"Error occurred while GetObject. S3 Error Code: {told.get('Code')}. S3 Error Message: {told.get('Message')}"
            raise Refused("InvalidParameterValueException", message) from error
        return content

    def can_assume(self, role: str) -> bool:
        if role not in self._roles:
            try:
                self._client("iam").get_role(RoleName=role.rpartition("/")[2])
            except ClientError:
                return False
            self._roles.add(role)
        return True

    def has_source(self, arn: str) -> bool:
        service, name = arn.split(":")[2], arn.rpartition(":")[2]
        try:
            match service:
                case "sqs":
                    self._client("sqs").get_queue_url(QueueName=name)
                case "kinesis":
                    self._client("kinesis").describe_stream_summary(StreamName=name.partition("/")[2])
                case "dynamodb":
                    self._client("dynamodb").describe_table(TableName=arn.partition("table/")[2].partition("/")[0])
        except ClientError:
            return False
        return True

    def image_digest(self, uri: str) -> str:
        host, _, rest = uri.partition("/")
        repository, _, tag = rest.partition(":")
        if ".dkr.ecr." not in host:
            return hashlib.sha256(uri.encode()).hexdigest()
        try:
            found = self._client("ecr").describe_images(
                repositoryName=repository, imageIds=[{"imageTag": tag or "latest"}]
            )
        except ClientError as error:
            raise Refused(
                "InvalidParameterValueException", f"Source image {uri} does not exist. Provide a valid source image."
            ) from error
        return str(found["imageDetails"][0]["imageDigest"]).removeprefix("sha256:")
