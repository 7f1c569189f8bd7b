"""Whatever is asked of Lambda is answered: carried out, or refused as AWS does; never with a failure of ours."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.utils import ArgumentGenerator

from reconciler.core import service
from reconciler.sandbox.gate import INVOCATIONS, OPERATIONS
from tests.sandbox.conftest import ACCOUNT, REGION, Aws

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


def asked(aws: Aws, operation: str, params: dict[str, Any]) -> tuple[int, str]:
    client = aws.unchecked
    method = next(python for python, name in client.meta.method_to_api_mapping.items() if name == operation)
    try:
        return int(getattr(client, method)(**params)["ResponseMetadata"]["HTTPStatusCode"]), ""
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
        status, code = asked(aws, operation, params)
        assert status != 500, (params, code)
        assert code != "NotImplementedException"


def test_all_that_lambda_has_is_spoken() -> None:
    assert {*OPERATIONS, *INVOCATIONS} == set(service.model().operation_names)
