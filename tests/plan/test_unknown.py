"""What only an earlier operation can tell is a value of its own: a user's word is never taken for it."""

from __future__ import annotations

import pytest

from tests.conftest import House, function_spec
from tests.plan.test_causes import based, fields

FOLLOWED = "publish: true\naliases: {live: {FunctionVersion: published, Description: published}}\n"
TAGGED = "tags: {stage: published}\n"
WORDS = {
    "a description": (function_spec(configuration="Description: published"), "/configuration/Description"),
    "a tag": (function_spec(extra=TAGGED), "/tags/stage"),
    "an alias's description": (function_spec(extra=FOLLOWED), "/aliases/live/Description"),
}


def after(house: House, path: str) -> object:
    (found,) = (
        field["after"]
        for target in house.plan()["targets"]
        for action in target["actions"]
        for field in action["fields"]
        if field["path"] == path
    )
    return found


@pytest.mark.parametrize("case", WORDS)
def test_the_word_published_in_a_text_is_that_text(house: House, case: str) -> None:
    spec, path = WORDS[case]
    house.write("checkout.yaml", spec)
    assert after(house, path) == "published"


def test_the_version_that_a_change_publishes_is_not_known_yet(house: House) -> None:
    house.write("checkout.yaml", function_spec(extra=FOLLOWED))
    house.apply()
    house.write("checkout.yaml", function_spec(configuration="Timeout: 9", extra=FOLLOWED))
    assert after(house, "/aliases/live/FunctionVersion") == "(known after apply)"


def test_a_drift_from_a_text_that_is_the_word_is_one(house: House) -> None:
    """Git wrote `published`, somebody wrote something else, and now git does, too."""
    based(house, function_spec("one", configuration="Description: published"))
    house.lambda_.update_function_configuration(FunctionName="one", Description="somebody's")
    house.write("one.yaml", function_spec("one", configuration="Description: ours"))
    assert fields(house)["/configuration/Description"][0] == "both"
