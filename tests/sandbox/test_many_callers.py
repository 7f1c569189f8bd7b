"""Many callers at one moment: each is answered as if it had come alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from tests.sandbox.conftest import ROLE, Aws, zipped

CALLERS = 8


def together(call: Callable[[], Any]) -> list[Any]:
    """The answers, or the codes of the errors, that so many callers get."""

    def one(_: int) -> Any:
        try:
            return call()
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(one, range(CALLERS)))


def test_one_of_many_creations_of_a_name_succeeds(aws: Aws) -> None:
    name, client = aws.new_name(), aws.client
    answers = together(
        lambda: client.create_function(
            FunctionName=name, Role=ROLE, Runtime="python3.13", Handler="a.b", Code={"ZipFile": zipped()}
        )["State"]
    )
    assert Counter(answers) == {"Pending": 1, "ResourceConflictException": CALLERS - 1}


def test_many_publishers_of_one_state_get_one_version(aws: Aws) -> None:
    name, client = aws.function(), aws.client
    assert together(lambda: client.publish_version(FunctionName=name)["Version"]) == ["1"] * CALLERS


def test_one_of_many_mappings_of_a_queue_is_made(aws: Aws) -> None:
    name = aws.function()
    answers = together(lambda: aws.map(name)["State"])
    assert Counter(answers) == {"Creating": 1, "ResourceConflictException": CALLERS - 1}


def test_one_of_many_updates_from_one_revision_wins(aws: Aws) -> None:
    name, client = aws.published(), aws.client
    held = client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")["RevisionId"]
    answers = together(
        lambda: client.update_alias(FunctionName=name, Name="live", RevisionId=held)["ResponseMetadata"][
            "HTTPStatusCode"
        ]
    )
    assert Counter(answers) == {200: 1, "PreconditionFailedException": CALLERS - 1}
