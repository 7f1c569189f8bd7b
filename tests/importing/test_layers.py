"""Layers of the account's own: with their content in the tree each has a file, and functions follow it; else they stay by ARN, and that is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.report.answers import IMPORT
from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.strangers import zip_of
from tests.conftest import REGION, House, function_spec
from tests.importing.moving_in import imports, is_taken_over, living, text


def layered(house: House, *names: str) -> House:
    """Functions with the old version of one layer and the newest one of another."""
    living(house, *map(function_spec, names))
    made: dict[str, str] = {}
    for layer, content in (("old", "1"), ("old", "2"), ("shared", "1")):
        answer = house.lambda_.publish_layer_version(
            LayerName=layer, Content={"ZipFile": zip_of(content)}, Description=f"what {layer} has", CompatibleRuntimes=["python3.13"]
        )  # fmt: skip
        made.setdefault(layer, answer["LayerVersionArn"])
    for name in names:
        house.lambda_.update_function_configuration(FunctionName=name, Layers=[made["old"], made["shared"]])
    house.sandbox.requests.clear()
    return house


def test_a_layer_whose_newest_version_is_used_gets_a_file_that_functions_refer_to(house: House) -> None:
    layered(house, "checkout", "mailer")
    document: dict[str, Any] = imports(house, "--all-unmanaged", "--download", "code", "--format", "json").json()
    Draft202012Validator(IMPORT).validate(document)
    assert document["layers"] == [{"file": "specs/layers/shared.yaml", "address": f"test/{REGION}/layer/shared"}]
    (package,) = (house.root / "code").glob("layer-shared-*.zip")
    assert text(house, "layers/shared.yaml").partition("\n")[2] == (
        f'layer: shared\naccount: test\nregion: {REGION}\ncode: {{path: "../../code/{package.name}"}}\n'
        'configuration: {Description: "what shared has", CompatibleRuntimes: [python3.13]}\n'
    )
    assert "layer:old:1" in text(house)
    assert "\"{{ layer('shared') }}\"" in text(house)
    assert [remark for remark in document["remarks"] if "layer" in remark] == [
        f"version 1 of layer test/{REGION}/layer/old stays by its ARN in 2 functions; another place needs a version of that number, and with "
        "--download a layer whose newest version is used has a file of its own"
    ]
    assert is_taken_over(house)
    house.apply()
    assert house.verbs() == {}
    package.write_bytes(zip_of("another"))
    changed = house.verbs()
    assert {name.partition("#")[0] for name in changed} >= {"layer/shared", "checkout", "mailer"}, changed


def test_without_its_content_a_layer_stays_by_its_arn_and_one_with_a_file_is_referred_to(house: House) -> None:
    layered(house, "checkout", "mailer")
    out = imports(house, "checkout").out
    assert "arn:{{ partition }}:lambda:{{ region }}:{{ account.id }}:layer:shared:1" in text(house)
    assert f"note: version 1 of layer test/{REGION}/layer/shared stays by its ARN in 1 function;" in out
    assert is_taken_over(house)
    (house.root / "shared.zip").write_bytes(zip_of("1"))
    own = f"layer: shared\naccount: test\nregion: {REGION}\ncode: {{path: ../shared.zip}}\n"
    house.write("own.yaml", own, stock=False)
    house.sandbox.requests.clear()
    assert "layer/shared stays" not in imports(house, "mailer").out
    assert "\"{{ layer('shared') }}\"" in text(house, "mailer.yaml")
    assert is_taken_over(house)


@pytest.mark.parametrize("operation", ["ListLayers", "GetLayerVersionByArn"])
def test_a_layer_that_cannot_be_read_stays_by_its_arn(house: House, operation: str) -> None:
    layered(house, "checkout")
    house.sandbox.gate.script = Script([Fault(operation, code="AccessDeniedException", status=403)])
    result = imports(house, "checkout", "--download", "code")
    (told,) = [line for line in result.out.splitlines() if "cannot be read" in line]
    assert f"layer/old cannot be read: {'ListLayerVersions' if 'Arn' in operation else operation}: " in told
    assert told.endswith("; and so of shared")
    assert ":layer:shared:1" in text(house)
    assert not (house.root / "specs" / "layers").exists()
    house.sandbox.gate.script = Script([])
    assert is_taken_over(house)


def test_no_file_that_is_there_is_changed_for_a_layer(house: House) -> None:
    layered(house, "checkout")
    house.write("layers/shared.yaml", json.dumps({"mine": 1}), stock=False)
    result = imports(house, "checkout", "--download", "code")
    assert "layers/shared.yaml is there, and no file is changed" in result.err
    assert text(house, "layers/shared.yaml") == '{"mine": 1}'
    assert is_taken_over(house)
