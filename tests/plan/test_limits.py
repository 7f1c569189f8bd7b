"""What AWS counts: the tags that are there together with those that come, and the JSON text of an environment."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.configuration import environment_bytes
from reconciler.sandbox.lambda_.configuration import check_environment
from reconciler.sandbox.refusals import Refused
from tests.conftest import House, function_spec

QUEUE = "arn:aws:sqs:us-west-2:123456789012:orders"


def numbered(start: int, count: int) -> dict[str, str]:
    return {f"k{number}": "v" for number in range(start, start + count)}


@pytest.mark.parametrize(("before", "after"), [((0, 50), (50, 50)), ((0, 50), (1, 50)), ((0, 30), (20, 50))])
def test_fifty_tags_change_into_fifty_others(house: House, before: tuple[int, int], after: tuple[int, int]) -> None:
    for tags in (before, after):
        house.write("checkout.yaml", function_spec(extra="tags: " + json.dumps(numbered(*tags))))
        house.writes()
        assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == ["UntagResource", "TagResource"]
    assert house.verbs() == {}


def test_fifty_tags_of_a_mapping_change_into_fifty_others(house: House) -> None:
    for start in (0, 50):
        mapping = {"EventSourceArn": QUEUE, "Tags": numbered(start, 50)}
        house.write("checkout.yaml", function_spec(extra="event_source_mappings: " + json.dumps({"orders": mapping})))
        house.writes()
        assert house.apply()["outcome"]["exit_code"] == 0
    assert house.writes() == ["UntagResource", "TagResource"]
    assert house.verbs() == {}


names = st.text("ABCé_", min_size=1, max_size=6)
texts = st.text(st.sampled_from(['"', "\\", "\n", "\x01", "é", "日", "x", "/"]), max_size=30)


@given(variables=st.dictionaries(names, texts, max_size=6), fill=st.integers(0, 3))
def test_the_product_and_the_sandbox_measure_an_environment_alike(variables: dict[str, str], fill: int) -> None:
    room = 4096 - environment_bytes({**variables, "FILL": ""})
    check_environment({**variables, "FILL": "x" * (room - fill)})
    with pytest.raises(Refused, match="4KB"):
        check_environment({**variables, "FILL": "x" * (room + 1 + fill)})


def test_an_environment_is_measured_with_the_variables_that_others_own(house: House) -> None:
    ours = "Environment: {Variables: {STAGE: test, SIZE: '" + "x" * 2000 + "'}}"
    extra = "ignore: [/configuration/Environment/Variables/FLAGS]\n"
    house.write("checkout.yaml", function_spec(configuration=ours, extra=extra))
    house.apply()
    theirs = {"STAGE": "test", "SIZE": "x" * 2000, "FLAGS": "y" * 1500}
    house.lambda_.update_function_configuration(FunctionName="checkout", Environment={"Variables": theirs})
    assert house.verbs() == {}
    house.write("checkout.yaml", function_spec(configuration=ours.replace("test", "z" * 600), extra=extra))
    result = house.run("plan")
    assert result.exit_code == 21
    assert "its ignored variables kept; the most is 4096" in result.out
    assert "yyyy" not in result.out + result.err


def test_what_is_written_of_a_reference_does_not_count(house: House) -> None:
    long = "{{ ssm('/" + "a/" * 900 + "') }}"
    variables = json.dumps({"ONE": long, "TWO": long, "THREE": long})
    house.write("checkout.yaml", function_spec(configuration=f"Environment: {{Variables: {variables}}}"), stock=False)
    assert house.run("validate").exit_code == 0
