"""Whatever is asked of Lambda is answered: carried out, or refused as AWS does; never with a failure of ours."""

from __future__ import annotations

import random
import re
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import ArgumentGenerator

from reconciler.core import service
from reconciler.sandbox.gate import INVOCATIONS, OPERATIONS
from tests.sandbox.conftest import ACCOUNT, QUEUE, REGION, ROLE, STREAM, TABLE, Aws, zipped

ARNS = {
    "ResourceArn": "function:nowhere", "Resource": "function:nowhere", "Arn": "layer:a:1",
    "CodeSigningConfigArn": "code-signing-config:csc-0123456789abcdefg",
}  # fmt: skip


def fitting(shape: Shape, name: str) -> Any:
    """A value that the model lets pass, for most members."""
    match shape:
        case StructureShape():
            return {member: fitting(shape.members[member], member) for member in shape.required_members}
        case ListShape():
            return [fitting(shape.member, name)]
        case MapShape():
            return {"aa": fitting(shape.value, name)}
    if shape.metadata.get("enum"):
        return shape.metadata["enum"][0]
    if name in ARNS:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:{ARNS[name]}"
    plain: dict[str, Any] = {"string": "aa", "blob": b"{}", "boolean": True, "timestamp": 0}
    return plain.get(shape.type_name, max(1, int(shape.metadata.get("min") or 1)))


def asked(client: Any, operation: str, params: dict[str, Any]) -> tuple[int, str]:
    method = next(python for python, name in client.meta.method_to_api_mapping.items() if name == operation)
    try:
        answered = getattr(client, method)(**params)
        for stream in answered.values():
            if hasattr(stream, "close"):
                stream.close()
        return int(answered["ResponseMetadata"]["HTTPStatusCode"]), ""
    except ClientError as error:
        answer = error.response
        return int(answer["ResponseMetadata"]["HTTPStatusCode"]), str(answer["Error"]["Code"])
    except (BotoCoreError, KeyError, TypeError):  # what botocore itself cannot put on the wire
        return 0, ""


@pytest.mark.parametrize("operation", sorted(service.model().operation_names))
def test_an_operation_is_answered(aws: Aws, operation: str) -> None:
    shape = service.request(operation)
    fit = fitting(shape, "")
    drawn = ArgumentGenerator().generate_skeleton(shape)
    for params in (fit, {name: value for name, value in fit.items() if isinstance(value, str)}, drawn):
        status, code = asked(aws.unchecked, operation, params)
        assert status != 500, (params, code)
        assert code != "NotImplementedException"


def test_all_that_lambda_has_is_spoken() -> None:
    assert {*OPERATIONS, *INVOCATIONS} == set(service.model().operation_names)


# --- whatever is drawn ---------------------------------------------------------------------------------------------

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:drawn"
WORDS = (
    "drawn", "drawn:live", "drawn:1", FUNCTION, f"{FUNCTION}:$LATEST", "live", "1", "$LATEST", "$LATEST.PUBLISHED", "99",
    f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:drawn:1", f"arn:aws:lambda:{REGION}:{ACCOUNT}:capacity-provider:drawn",
    QUEUE, STREAM, TABLE, ROLE, "*", "s3.amazonaws.com", ACCOUNT, "lambda:InvokeFunction", "python3.13", "app.handle",
    "", "a" * 300, "\u00fc", "{}", '{"a": ["b"]}', "[]", "arn:::::", "subnet-1", "sg-1", "artifacts", "v1.zip",
    f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:drawn", f"arn:aws:lambda:{REGION}:210987654321:function:drawn",
)  # fmt: skip


class Draw:
    """Values of botocore's shapes; most of them fit, and many name what is there."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.words = list(WORDS)

    def value(self, shape: Shape) -> Any:
        pick = self.chance.choice
        match shape:
            case StructureShape():
                return {
                    name: self.value(member)
                    for name, member in shape.members.items()
                    if self.chance.random() < (0.97 if name in shape.required_members else 0.25)
                }
            case ListShape():
                return [self.value(shape.member) for _ in range(pick([0, 1, 1, 2]))]
            case MapShape():
                return {str(self.value(shape.key)): self.value(shape.value) for _ in range(pick([0, 1, 2]))}
        if shape.type_name == "string":
            return pick(self.fitting(shape))
        low, high = shape.metadata.get("min", 0), shape.metadata.get("max", 5)
        others: dict[str, list[Any]] = {
            "boolean": [True, False],
            "blob": [b"", b"{}", zipped(), b"\xff"],
            "timestamp": [0, 1_700_000_000, -1],
        }
        return pick(others.get(shape.type_name, [low, low, high, 1, 2, low - 1]))

    def fitting(self, shape: Shape) -> list[str]:
        words = list(shape.metadata.get("enum", ())) or self.words
        pattern = shape.metadata.get("pattern", "")
        if pattern and "\\p{" not in pattern and self.chance.random() < 0.95:
            words = [word for word in words if re.fullmatch(pattern, word)] or words
        return words if self.chance.random() < 0.95 else self.words


def there(aws: Aws) -> list[str]:
    """Make what draws may name, where it is not there any more; what has a name of AWS's is answered."""
    role = {"CapacityProviderOperatorRoleArn": ROLE}
    for call, params in (
        ("create_function", {"FunctionName": "drawn", "Runtime": "python3.13", "Handler": "app.handle", "Role": ROLE, "Code": {"ZipFile": zipped()}}),
        ("publish_version", {"FunctionName": "drawn"}),
        ("create_alias", {"FunctionName": "drawn", "Name": "live", "FunctionVersion": "1"}),
        ("publish_layer_version", {"LayerName": "drawn", "Content": {"ZipFile": zipped()}}),
        ("create_capacity_provider", {"CapacityProviderName": "drawn", "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": []}, "PermissionsConfig": role}),
    ):  # fmt: skip
        with suppress(ClientError):
            getattr(aws.client, call)(**params)
        aws.settle()
    with suppress(ClientError):
        return [aws.map("drawn")["UUID"]]
    return []


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_drawn_is_answered(aws: Aws, seed: int) -> None:
    draw, operations, client = Draw(seed), sorted(service.model().operation_names), aws.unchecked
    for number in range(400):
        if number % 40 == 0:
            draw.words = [*WORDS, *there(aws)]
        operation = draw.chance.choice(operations)
        params = draw.value(service.request(operation))
        status, code = asked(client, operation, params)
        assert status < 500, (operation, params, code)
        if draw.chance.random() < 0.3:
            aws.settle()


def test_an_empty_member_that_is_always_set_changes_nothing(aws: Aws) -> None:
    name = aws.function(TracingConfig={"Mode": "Active"})
    aws.configure(name, SnapStart={}, TracingConfig={}, LoggingConfig={})
    held = aws.get(name)
    assert (held["SnapStart"]["ApplyOn"], held["TracingConfig"]) == ("None", {"Mode": "Active"})
