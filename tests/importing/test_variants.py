"""A function that has a spec for one place and lives in another becomes a variant there, in the one file that it has."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from jsonschema import Draft202012Validator

from reconciler.files import strict_yaml
from reconciler.report.answers import IMPORT
from tests.conftest import REGION, House
from tests.importing.moving_in import ELSEWHERE, TWO, WHOLE, imports, is_taken_over, living, text
from tests.importing.test_law_of_import import put_parameters

ANYWHERE = WHOLE.replace("region: us-west-2", f"regions: [us-west-2, {ELSEWHERE}]").replace(
    REGION + ":", "{{ region }}:"
)
OTHERWISE = f"by_region: {{{ELSEWHERE}: {{configuration: {{MemorySize: 999}}, concurrency: null, urls: {{$LATEST: {{AuthType: NONE}}}}}}}}\n"
BOTH = ANYWHERE.replace("S3Bucket: artifacts", 'S3Bucket: "artifacts-{{ region }}"') + OTHERWISE
WORDS = ("checkout", "--bucket", f"artifacts-{REGION}", "--bucket", f"artifacts-{ELSEWHERE}")


def one_place(house: House, spec: str = BOTH) -> House:
    """A function that lives in two regions, with a spec for the first that was imported and applied."""
    living(house, spec, config=TWO)
    imports(house, *WORDS, "--region", REGION)
    house.apply()
    house.sandbox.requests.clear()
    return house


def acting(house: House) -> dict[str, set[str]]:
    """Address of a target -> what a plan would do there."""
    targets = house.plan()["targets"]
    verbs = {target["address"]: {action["verb"] for action in target["actions"]} - {"none"} for target in targets}
    return {address: some for address, some in verbs.items() if some}


def test_what_is_another_in_the_second_place_is_said_in_a_variant_of_the_file_that_is_there(house: House) -> None:
    one_place(house)
    before = text(house)
    result = imports(house, *WORDS, "--region", ELSEWHERE, "--defaults", "specs/all.yaml")
    assert "note: specs/all.yaml is not written: no spec is new\n" in result.out
    assert f"added  specs/checkout.yaml: variant {ELSEWHERE}\n" in result.out
    assert "Imported: 1 function in 1 file.\nNext:\nreconcile plan specs/checkout.yaml " in result.out
    variant = f"""\
variants:
  {ELSEWHERE}:
    account: test
    region: {ELSEWHERE}
    concurrency: null
    configuration: {{MemorySize: 999}}
    urls: {{$LATEST: {{AuthType: NONE}}}}
"""
    assert variant in text(house)
    assert text(house).replace(variant, "") == before
    assert acting(house) == {f"test/{ELSEWHERE}/checkout": {"adopt"}}
    house.apply()
    assert acting(house) == {}


@pytest.mark.parametrize("env", [(), ("--env", "ssm:/shop")])
def test_a_third_place_is_another_variant_and_all_that_was_said_stays(house: House, env: tuple[str, ...]) -> None:
    one_place(house)
    third = "eu-central-1"
    config = TWO.replace(ELSEWHERE, f"{ELSEWHERE}, {third}")
    house.write("reconcile.yaml", config, stock=False)
    client = house.sandbox.clients.get("lambda", "123456789012", third)
    code = {"ZipFile": b"PK\x05\x06" + bytes(18)}
    client.create_function(
        FunctionName="checkout", Runtime="python3.13", Handler="a.b", Role="arn:aws:iam::123456789012:role/lambda", Code=code,
        Environment={"Variables": {"OWN": "x"}},
    )  # fmt: skip
    house.sandbox.requests.clear()
    document = imports(house, *WORDS, "--format", "json", *env).json()
    Draft202012Validator(IMPORT).validate(document)
    assert [(file["variant"], file["addresses"]) for file in document["files"]] == [
        (third, [f"test/{third}/checkout"]),
        (ELSEWHERE, [f"test/{ELSEWHERE}/checkout"]),
    ]
    put_parameters(house, document["parameters"])
    assert set(acting(house)) == {f"test/{third}/checkout", f"test/{ELSEWHERE}/checkout"}
    assert is_taken_over(house)


ODD: dict[str, tuple[Callable[[str], str], str]] = {
    "variants that others may name": (
        lambda spec: spec.replace("account: test\nregion: us-west-2\n", "") + "variants: &v {test: {account: test, region: us-west-2}}\n", "has the anchor &v",
    ),
    "a file in flow style": (lambda spec: json.dumps(strict_yaml.parse(spec, "").value), ""),
    "a spec whose top is no place": (
        lambda spec: spec.replace("account: test\nregion: us-west-2\n", "") + "variants: {test: {account: test, region: us-west-2}}\n", "",
    ),
    "a spec of settings that must not go along": (
        lambda spec: spec + f"allow_replace: true\nby_region: {{{REGION}: {{tags: {{team: payments}}}}}}\n", "",
    ),
    "CRLF, and a byte order mark": (lambda spec: "\ufeff" + spec.replace("\n", "\r\n"), ""),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_however_a_file_is_written_it_says_one_place_more_or_stays_as_it_is(house: House, case: str) -> None:
    one_place(house)
    written, why = ODD[case]
    path = house.root / "specs" / "checkout.yaml"
    path.write_bytes(written(text(house)).encode())
    before, planned = path.read_bytes(), house.run("plan").out
    assert acting(house) == {} or why
    result = house.run("import", *WORDS, "--region", ELSEWHERE)
    assert why in result.out
    if why:
        assert path.read_bytes() == before
        return
    assert f"added  specs/checkout.yaml: variant {ELSEWHERE}" in result.out, result.out + result.err
    assert "No changes." in planned
    assert acting(house) == {f"test/{ELSEWHERE}/checkout": {"adopt"}}
    assert is_taken_over(house)


def test_a_function_with_several_files_gets_another_and_a_link_is_not_written_through(house: House) -> None:
    one_place(house)
    path = house.root / "specs" / "checkout.yaml"
    path.rename(house.root / "specs" / "kept.txt")
    path.symlink_to(house.root / "specs" / "kept.txt")
    result = house.run("import", *WORDS, "--region", ELSEWHERE)
    assert "is no variant of specs/checkout.yaml, which describes it elsewhere: it is a link" in result.out
    assert "variants" not in (house.root / "specs" / "kept.txt").read_text()
    house.write("other.yaml", text(house).replace(REGION, "eu-central-1"), stock=False)
    house.write("reconcile.yaml", TWO.replace(ELSEWHERE, f"{ELSEWHERE}, eu-central-1"), stock=False)
    house.sandbox.requests.clear()
    assert "wrote  specs/more/checkout.yaml" in imports(house, *WORDS, "--region", ELSEWHERE, "-o", "specs/more").out
    assert acting(house)[f"test/{ELSEWHERE}/checkout"] == {"adopt"}
