"""A function URL from spec to deletion, over HTTP: the law, lost answers, strangers, export, and what must go first."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import ABSENT, house_of
from tests.conftest import House, function_spec

LIVE = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
OWN = LIVE + "urls: {$LATEST: {AuthType: NONE}, live: {AuthType: AWS_IAM, Cors: {AllowHeaders: [Content-Type]}}}\n"


@pytest.fixture
def served(house: House) -> House:
    """A function with a URL of its own and one of its alias, applied."""
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=OWN))
    assert house.apply()["outcome"]["exit_code"] == 0
    house.sandbox.requests.clear()
    return house


def urls(house: House, name: str = "one") -> dict[str, dict[str, object]]:
    held = house.lambda_.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    house.sandbox.requests.clear()
    return {item["FunctionArn"].split(f"function:{name}")[1]: item for item in held}


def change(house: House, old: str, new: str) -> None:
    text = (house.root / "specs" / "one.yaml").read_text()
    assert old in text
    house.write("one.yaml", text.replace(old, new))


def test_what_was_applied_needs_nothing_more(served: House) -> None:
    assert {name: item["AuthType"] for name, item in urls(served).items()} == {"": "NONE", ":live": "AWS_IAM"}
    assert served.verbs() == {}
    served.apply()
    assert served.writes() == []


def test_a_change_is_sent_in_place_and_keeps_the_address(served: House) -> None:
    before = urls(served)[":live"]["FunctionUrl"]
    change(served, "AWS_IAM, Cors: {AllowHeaders: [Content-Type]}", "NONE, InvokeMode: RESPONSE_STREAM")
    served.apply()
    assert served.writes() == ["UpdateFunctionUrlConfig"]
    after = urls(served)[":live"]
    assert (after["AuthType"], after["InvokeMode"], after["FunctionUrl"]) == ("NONE", "RESPONSE_STREAM", before)
    assert "Cors" not in after
    assert served.verbs() == {}


def test_a_section_that_is_not_there_is_neither_read_nor_changed(served: House) -> None:
    served.write("one.yaml", function_spec("one", extra=LIVE))
    assert served.verbs() == {}
    assert "ListFunctionUrlConfigs" not in [request.operation for request in served.sandbox.requests]
    assert len(urls(served)) == 2


def test_one_listing_a_function_is_all_that_a_plan_reads_of_them(served: House) -> None:
    assert served.verbs() == {}
    read = [request.operation for request in served.sandbox.requests]
    assert read.count("ListFunctionUrlConfigs") == 1
    assert read.count("GetFunctionUrlConfig") == 0


def test_what_git_dropped_goes_and_counts_for_the_guards(served: House) -> None:
    change(served, "$LATEST: {AuthType: NONE}, ", "")
    result = served.run("plan")
    assert "its address never comes back" in result.out
    served.write(
        "reconcile.yaml",
        (served.root / "specs" / "reconcile.yaml").read_text() + "guards: {maxDeletes: 0}\n",
        stock=False,
    )
    assert served.run("apply", "--yes").exit_code == 21
    assert served.run("apply", "--yes", "--allow-deletes", "1").exit_code == 0
    assert served.writes() == ["DeleteFunctionUrlConfig"]
    assert list(urls(served)) == [":live"]


def test_a_url_goes_before_its_alias_and_an_alias_that_one_serves_stays(served: House) -> None:
    served.write("one.yaml", function_spec("one", extra="aliases: {}\n"))
    result = served.run("apply", "--yes")
    assert (result.exit_code, "alias live is used by URL live at https://" in result.out) == (21, True)
    served.write("one.yaml", function_spec("one", extra="aliases: {}\nurls: {}\n"))
    served.sandbox.requests.clear()
    served.apply()
    assert served.writes() == ["DeleteFunctionUrlConfig", "DeleteFunctionUrlConfig", "DeleteAlias"]
    assert served.verbs() == {}


def test_a_strangers_change_between_plan_and_write_is_stale(served: House) -> None:
    change(served, "AWS_IAM", "NONE")
    served.run("plan", "-o", "plan.json")
    served.lambda_.update_function_url_config(FunctionName="one", Qualifier="live", Cors={"AllowOrigins": ["*"]})
    assert served.run("apply", "--yes", "--approved", "plan.json").exit_code in (21, 23)


def test_before_a_deletion_it_is_exported_in_the_specs_words(served: House) -> None:
    addresses = [str(item["FunctionUrl"]) for item in urls(served).values()]
    served.write("one.yaml", ABSENT.format("one"))
    told = served.run("plan").out
    assert all(address in told for address in addresses)
    report = served.apply()
    (export,) = report["exports"]
    assert export["spec"]["urls"]["live"] == {
        "AuthType": "AWS_IAM", "Cors": {"AllowHeaders": ["content-type"]}, "InvokeMode": "BUFFERED"
    }  # fmt: skip
    again = {key: value for key, value in export["spec"].items() if key not in ("policy", "code")}
    served.write(
        "one.yaml", json.dumps(again | {"code": {"S3Bucket": "artifacts", "S3Key": "v1.zip"}, "publish": True})
    )
    assert served.run("apply", "--yes").exit_code == 0
    assert set(urls(served)) == {"", ":live"}


def test_the_list_of_functions_has_them_with_their_addresses(served: House) -> None:
    (item,) = served.run("functions").json()
    assert [url["qualifier"] for url in item["urls"]] == ["$LATEST", "live"]
    assert all(url["functionUrl"].startswith("https://") for url in item["urls"])


def test_the_report_tells_the_address(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=OWN))
    report = house.apply()
    (address,) = [url["FunctionUrl"] for name, url in urls(house).items() if name == ":live"]
    assert str(address) in json.dumps(report)


def test_after_an_apply_each_address_is_shown(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=OWN))
    out = house.run("apply", "--yes").out
    held = {name: str(url["FunctionUrl"]) for name, url in urls(house).items()}
    assert f"test/us-west-2/one/url/$LATEST: {held['']}\n" in out
    assert f"test/us-west-2/one/url/live: {held[':live']}\n" in out


def test_on_a_page_each_address_is_a_link(house: House) -> None:
    house_of(house)
    house.write("one.yaml", function_spec("one", extra=OWN))
    out = house.run("apply", "--yes", "--format", "markdown").out
    assert "url/live at [" in out
    assert all(f"](<{url['FunctionUrl']}>)" in out for url in urls(house).values())


def test_a_region_without_urls_is_said(house: House) -> None:
    region = "il-central-1"
    config = (house.root / "specs" / "reconcile.yaml").read_text().replace("us-west-2", region)
    house.write("reconcile.yaml", config, stock=False)
    house.write(
        "one.yaml", function_spec("one", extra="urls: {$LATEST: {AuthType: AWS_IAM}}\n").replace("us-west-2", region)
    )
    result = house.run("validate")
    assert result.exit_code == 0
    assert "AWS offers no function URLs in il-central-1" in result.err
    assert "(W221)" in result.err


def test_what_a_public_url_lacks_is_told_with_the_plan_as_well(house: House) -> None:
    house_of(house)
    house.write(
        "one.yaml", function_spec("one", extra="urls: {$LATEST: {AuthType: NONE}}\npermissions: {$LATEST: {}}\n")
    )
    result = house.run("plan")
    told = result.out + result.err
    assert "url/$LATEST is public: whoever has the address may ask for it" in told
    assert 'FunctionURLAllowPublicAccess: {"Action": "lambda:InvokeFunctionUrl", "Principal": "*"' in told
    assert 'FunctionURLAllowInvokeAction: {"Action": "lambda:InvokeFunction", "Principal": "*"' in told


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("urls: {live: {}}", "AuthType"),
        ("urls: {live: {AuthType: none}}", "NONE"),
        ("urls: {'1': {AuthType: NONE}}", "an alias's name, or $LATEST"),
        ("urls: {live: {AuthType: NONE, Qualifier: live}}", "the key under `urls`"),
        ("urls: {live: {AuthType: NONE, Cors: {MaxAge: 86401}}}", "86400"),
        ("urls: {live: {AuthType: NONE, Cors: {AllowMethods: [PROPFIND]}}}", "6"),
        ("aliases: {live: {FunctionVersion: '1'}}\nurls: {next: {AuthType: NONE}}", "which aliases does not declare"),
    ],
)
def test_what_cannot_be_is_told_where_it_stands(house: House, written: str, told: str) -> None:
    house.write("one.yaml", function_spec("one", extra=written + "\n"))
    result = house.run("validate")
    assert result.exit_code == 20
    assert told in result.err
    assert "one.yaml:" in result.err


def test_what_is_ignored_within_what_is_sent_whole_must_be_what_the_plan_saw(served: House) -> None:
    cors = "Cors: {AllowHeaders: [Content-Type], MaxAge: 5}"
    change(served, "Cors: {AllowHeaders: [Content-Type]}", cors)
    served.write("one.yaml", (served.root / "specs" / "one.yaml").read_text() + "ignore: [/urls/*/Cors/AllowOrigins]\n")

    def theirs(operation: str, _: object) -> None:
        if operation == "UpdateFunctionUrlConfig":
            return
        if operation == "GetFunctionUrlConfig" and not acted:
            acted.append(operation)
            region, _unused = served.sandbox.gate.region("123456789012", "us-west-2")
            region.functions["one"].urls["live"]["Cors"] = {"AllowHeaders": ["content-type"], "AllowOrigins": ["*"]}

    acted: list[str] = []
    served.sandbox.gate.watch = theirs
    result = served.run("apply", "--yes")
    assert acted
    assert result.exit_code == 23
    assert urls(served)[":live"]["Cors"]["AllowOrigins"] == ["*"]  # type: ignore[index]


def test_who_may_not_list_urls_still_gets_the_list_of_functions(served: House) -> None:
    served.sandbox.gate.script = Script([Fault("ListFunctionUrlConfigs", status=403, code="AccessDeniedException")])
    result = served.run("functions")
    (item,) = result.json()
    assert (result.exit_code, item["urls"], [alias["name"] for alias in item["aliases"]]) == (0, None, ["live"])
    assert "ListFunctionUrlConfigs" in result.err


def test_a_snapshot_that_was_taken_without_them_does_not_list_none(served: House) -> None:
    served.write("one.yaml", function_spec("one", extra=LIVE))
    served.run("snapshot", "-o", "live.json")
    (item,) = served.run("functions", "--snapshot", "live.json").json()
    assert (item["urls"], item["eventSourceMappings"], item["versions"]) == (None, None, ["1"])
