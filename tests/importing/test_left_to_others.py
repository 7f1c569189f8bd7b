"""What of a function no spec can say, or AWS does not show, is left to others, and that is said."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.conftest import ACCOUNT, REGION, House, function_spec
from tests.importing.moving_in import (
    QUEUE,
    WHOLE,
    imports,
    is_taken_over,
    living,
    text,
)
from tests.importing.test_law_of_import import emptied
from tests.plan.test_unreadable import KEY, answering, no_code, no_environment, no_filters, no_timeout

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:checkout"


def test_what_hangs_on_an_alias_that_is_gone_is_left_to_others(house: House) -> None:
    living(house, WHOLE)
    region, _ = house.sandbox.gate.region(ACCOUNT, REGION)
    del region.functions["checkout"].aliases["live"]
    result = imports(house, "checkout")
    assert "/event_source_mappings left to others: " in result.out
    assert "there is no alias live (R223)" in text(house)
    assert is_taken_over(house)


@pytest.mark.parametrize(
    "operation", ["GetPolicy", "ListFunctionUrlConfigs", "DescribeLogGroups", "ListEventSourceMappings"]
)
def test_of_what_may_not_be_read_there_is_no_section_and_that_is_said(house: House, operation: str) -> None:
    living(house, WHOLE)
    house.sandbox.gate.script = Script([Fault(operation, code="AccessDeniedException", status=403)])
    result = imports(house, "checkout")
    assert f"note: test/{REGION}/checkout cannot be read: {operation}: " in result.out
    assert is_taken_over(house)


@pytest.mark.parametrize(
    ("operation", "hide", "path"),
    [
        ("GetFunction", no_environment, "/configuration/Environment"),
        ("GetFunction", no_timeout, "/configuration/Timeout"),
        ("GetFunction", no_code, "/code/SourceKMSKeyArn"),
        ("GetEventSourceMapping", no_filters, "/event_source_mappings/orders/FilterCriteria"),
    ],
)
def test_what_aws_does_not_show_is_left_to_others(
    house: House, monkeypatch: pytest.MonkeyPatch, operation: str, hide: Any, path: str
) -> None:
    hidden = f'KMSKeyArn: "{KEY}", FilterCriteria: {{Filters: [{{Pattern: "{{}}"}}]}}, alias: live'
    living(house, WHOLE.replace(f'"{QUEUE}", alias: live', f'"{QUEUE}", {hidden}'))
    answering(monkeypatch, operation, hide)
    imports(house, "checkout", "--bucket", "artifacts")
    assert f'"{path}"' in text(house)
    assert f"# left to others: {path}, for AWS does not show it (" in text(house)
    assert is_taken_over(house)


def test_one_text_that_no_spec_can_say_leaves_the_rest_of_its_section_managed(house: House) -> None:
    living(house, WHOLE)
    house.lambda_.update_function_configuration(FunctionName="checkout", Description="{{ region }} {{", Timeout=17)
    house.lambda_.tag_resource(Resource=ARN, Tags={"template": "{{ function }}", "team": "shop"})
    house.sandbox.requests.clear()
    imports(house, "checkout")
    assert '"/configuration/Description"' in text(house)
    assert '"/tags/template"' in text(house)
    assert "Timeout: 17" in text(house)
    assert "team: shop" in text(house)
    assert is_taken_over(house)


def test_what_is_wrong_with_many_alike_is_told_once_with_their_number(house: House) -> None:
    living(house, *map(function_spec, ("a1", "b1", "c1", "d1")))
    house.sandbox.gate.script = Script([Fault("GetPolicy", code="AccessDeniedException", status=403)])
    result = imports(house, "--all-unmanaged")
    assert result.out.count("GetPolicy") == 2  # what failed, and the right that lacks
    assert f"note: test/{REGION}/a1 and 3 others cannot be read: GetPolicy: " in result.out
    assert result.out.count("AWS does not tell where it came from") == 1
    assert "       /code left to others in 4 files: AWS does not tell where it came from;" in result.out
    assert [len(file["left"]) for file in imported_again(house)["files"]] == [1, 1, 1, 1]


def imported_again(house: House) -> dict[str, Any]:
    emptied(house)
    house.sandbox.requests.clear()
    document: dict[str, Any] = imports(house, "--all-unmanaged", "--format", "json").json()
    return document
