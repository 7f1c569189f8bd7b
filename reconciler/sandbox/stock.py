"""What specs name, put into the sandbox: buckets with code, roles, queues, streams, tables, topics, images, networks, layers, parameters,
secrets.

`needs` is pure: documents go in, what they name comes out. `stock` makes what is missing, so that stocking twice is harmless.
Keys are not made: the sandbox's Lambda takes them at their word.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from reconciler.sandbox.around import moto_adapter
from reconciler.sandbox.lambda_ import code_signing, layers
from reconciler.sandbox.lambda_.code import STANDS_FOR
from reconciler.sandbox.server import Sandbox

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


NETWORK = re.compile(r"(subnet|sg)-[0-9a-z]+")
LAYER = re.compile(r"[^:]+:\d+")


@dataclass(frozen=True, order=True, slots=True)
class Need:
    """One thing that must be there: `kind` is bucket, object, role, user, sqs, kinesis, dynamodb, sns, image, network, layer,
    code-signing-config, ssm or secret. Of an object, `detail` is the handler that its code has and `version` the S3ObjectVersion that a spec
    pins; of a parameter or a secret `detail` is what it holds. Code is known by another hash than its own where `sha256` says one."""

    kind: str
    account: str
    region: str
    name: str
    detail: str = ""
    version: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """A spec document with where it applies: an account number and a region. `sha256` is the hash of its code where somebody knows it,
    `lacks_code` that there is none."""

    account: str
    region: str
    document: Mapping[str, Any] = field(hash=False)
    sha256: str = ""
    lacks_code: bool = False


def needs(spots: Iterable[Spot]) -> list[Need]:
    """Everything that the documents name, each once, sorted."""
    return sorted({need for spot in spots for need in _of(spot)})


def _of(spot: Spot) -> Iterator[Need]:
    code = {} if spot.lacks_code else spot.document.get("code") or {}
    if "S3Bucket" in code and "S3Key" in code:
        handler = (spot.document.get("configuration") or {}).get("Handler") or "lambda_function.lambda_handler"
        name, version = f"{code['S3Bucket']}/{code['S3Key']}", str(code.get("S3ObjectVersion") or "")
        yield Need("object", spot.account, spot.region, name, handler, version, spot.sha256)
    if ".dkr.ecr." in code.get("ImageUri", "") and "@" not in code["ImageUri"]:
        yield Need("image", spot.account, spot.region, code["ImageUri"], sha256=spot.sha256)
    for text in _strings(spot.document):
        if NETWORK.fullmatch(text):
            yield Need("network", spot.account, spot.region, text)
        parts = text.split(":", 5)
        if parts[0] != "arn" or len(parts) < 6 or not parts[5]:
            continue
        service, region, account = parts[2], parts[3] or spot.region, parts[4] or spot.account
        kind, _, name = parts[5].partition("/" if service == "iam" else ":")
        if service == "iam" and kind in ("role", "user"):
            yield Need(kind, account, spot.region, name)
        elif service == "lambda" and kind == "layer" and LAYER.fullmatch(name):
            yield Need("layer", account, region, name)
        elif service == "lambda" and kind == "code-signing-config":
            yield Need(kind, account, region, name)
        elif service in ("sqs", "sns", "kinesis", "dynamodb"):
            yield Need(service, account, region, _resource(service, parts[5]))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _resource(service: str, text: str) -> str:
    """The name in an ARN's last part: `stream/orders`, `table/orders/stream/2024-…`, `orders`."""
    return text.split("/")[1] if service in ("kinesis", "dynamodb") and "/" in text else text


def stock(sandbox: Sandbox, wanted: Iterable[Need]) -> None:
    """Make what is missing. What moto refuses because it is there already is left as it is."""
    for need in wanted:
        with contextlib.suppress(ClientError, BotoCoreError):
            _MAKE[need.kind](sandbox, need)


def code_zip(handler: str, key: str, version: str = "", sha256: str = "") -> bytes:
    """A small Python zip for a handler, the same bytes for the same key and version and others for another. With a hash it is one that
    Lambda knows by that."""
    module, _, function = handler.replace("/", ".").rpartition(".")
    if not all(part.isidentifier() for part in (*module.split("."), function)):
        module, function = "lambda_function", "lambda_handler"  # a handler of another runtime
    label = key + (f" in version {version}" if version else "")
    source = (
        f"# Code of {label!r}.\n\n\ndef {function}(event, context):\n"
        f'    print("called with", event)\n    return {{"event": event, "code": {key!r}}}\n'
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo(f"{module.replace('.', '/')}.py", (1980, 1, 1, 0, 0, 0))
        entry.external_attr = 0o100644 << 16
        archive.writestr(entry, source)
        archive.comment = STANDS_FOR + sha256.encode() if sha256 else b""
    return packed.getvalue()


def _bucket(sandbox: Sandbox, need: Need) -> None:
    elsewhere = {} if need.region == "us-east-1" else {"LocationConstraint": need.region}
    configuration = {"CreateBucketConfiguration": elsewhere} if elsewhere else {}
    s3 = sandbox.clients.get("s3", need.account, need.region)
    with contextlib.suppress(ClientError):
        s3.create_bucket(Bucket=need.name.partition("/")[0], **configuration)


def _object(sandbox: Sandbox, need: Need) -> None:
    _bucket(sandbox, need)
    bucket, _, key = need.name.partition("/")
    s3 = sandbox.clients.get("s3", need.account, need.region)
    pinned = {"VersionId": need.version} if need.version else {}
    with contextlib.suppress(ClientError):
        s3.head_object(Bucket=bucket, Key=key, **pinned)
        return
    if pinned:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    content = code_zip(need.detail, key, need.version, need.sha256)
    checksum = {"ChecksumSHA256": need.sha256} if need.sha256 else {}
    made = s3.put_object(Bucket=bucket, Key=key, Body=content, ChecksumAlgorithm="SHA256", **checksum)
    if pinned:
        moto_adapter.name_version(need.account, bucket, key, made["VersionId"], need.version)


def _role(sandbox: Sandbox, need: Need) -> None:
    path, _, name = f"/{need.name}".rpartition("/")
    iam = sandbox.clients.get("iam", need.account, need.region)
    iam.create_role(RoleName=name, Path=f"{path}/", AssumeRolePolicyDocument=TRUST)


def _user(sandbox: Sandbox, need: Need) -> None:
    path, _, name = f"/{need.name}".rpartition("/")
    sandbox.clients.get("iam", need.account, need.region).create_user(UserName=name, Path=f"{path}/")


def _network(sandbox: Sandbox, need: Need) -> None:
    sandbox.clients.networks.write_down(need.account, need.region, need.name)


def _layer(sandbox: Sandbox, need: Need) -> None:
    name, _, number = need.name.partition(":")
    region, lock = sandbox.gate.region(need.account, need.region)
    with lock:
        content = code_zip(f"python/{name.replace('-', '_')}.layer", f"layer {need.name}")
        layers.place(region, name, int(number), content, sandbox.gate.clock())


def _code_signing(sandbox: Sandbox, need: Need) -> None:
    region, lock = sandbox.gate.region(need.account, need.region)
    with lock:
        code_signing.place(region, need.name, sandbox.gate.clock())


def _queue(sandbox: Sandbox, need: Need) -> None:
    fifo = {"Attributes": {"FifoQueue": "true"}} if need.name.endswith(".fifo") else {}
    sandbox.clients.get("sqs", need.account, need.region).create_queue(QueueName=need.name, **fifo)


def _topic(sandbox: Sandbox, need: Need) -> None:
    sandbox.clients.get("sns", need.account, need.region).create_topic(Name=need.name)


def _stream(sandbox: Sandbox, need: Need) -> None:
    sandbox.clients.get("kinesis", need.account, need.region).create_stream(StreamName=need.name, ShardCount=1)


def _table(sandbox: Sandbox, need: Need) -> None:
    sandbox.clients.get("dynamodb", need.account, need.region).create_table(
        TableName=need.name, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )  # fmt: skip


def _image(sandbox: Sandbox, need: Need) -> None:
    host, _, rest = need.name.partition("/")
    repository, _, tag = rest.partition(":")
    ecr = sandbox.clients.get("ecr", host.split(".")[0], host.split(".")[3])
    with contextlib.suppress(ClientError):
        ecr.create_repository(repositoryName=repository)
    config = {"digest": f"sha256:{hashlib.sha256(need.name.encode()).hexdigest()}", "size": 1}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []})
    digest = f"sha256:{need.sha256 or hashlib.sha256(manifest.encode()).hexdigest()}"
    ecr.put_image(repositoryName=repository, imageTag=tag or "latest", imageManifest=manifest, imageDigest=digest)


def _parameter(sandbox: Sandbox, need: Need) -> None:
    ssm = sandbox.clients.get("ssm", need.account, need.region)
    ssm.put_parameter(Name=need.name, Value=need.detail, Type="SecureString")


def _secret(sandbox: Sandbox, need: Need) -> None:
    secrets = sandbox.clients.get("secretsmanager", need.account, need.region)
    secrets.create_secret(Name=need.name, SecretString=need.detail)


_MAKE = {
    "bucket": _bucket,
    "object": _object,
    "role": _role,
    "user": _user,
    "network": _network,
    "layer": _layer,
    "code-signing-config": _code_signing,
    "sqs": _queue,
    "sns": _topic,
    "kinesis": _stream,
    "dynamodb": _table,
    "image": _image,
    "ssm": _parameter,
    "secret": _secret,
}
