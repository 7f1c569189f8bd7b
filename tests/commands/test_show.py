"""`reconcile show`: what defaults, variant and region make of a spec, line by line, with nothing sensitive in it."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from reconciler.commands.schemas import render
from reconciler.files import strict_yaml
from tests.conftest import CONFIG, ROLE, House, function_spec
from tests.spec.reading import HEAD

DEFAULTS = f"""defaults: python
configuration:
  Runtime: python3.13
  Handler: app.handler
  Role: {ROLE}
  Environment:
    Variables: {{TOKEN: hunter2, FROM: "{{{{ ssm('/a') }}}}", PART: "hunter2{{{{ ssm('/a') }}}}", NO: "{{{{ 'hunter2' }}}}"}}
"""
SPEC = """function: checkout
extends: defaults.yaml
account: test
regions: [us-west-2, eu-west-1]
configuration: {MemorySize: 512}
code: {S3Bucket: "b-{{ region }}", S3Key: k}
by_region: {eu-west-1: {configuration: {MemorySize: 1024, Handler: null}, code: {S3Key: "# 1: [}"}}}
"""
WITH_PLACES = """# test/eu-west-1/checkout
function: checkout                               # specs/checkout.yaml:1
account: test                                    # specs/checkout.yaml:3
regions: [us-west-2, eu-west-1]                  # specs/checkout.yaml:4
configuration:
  Runtime: python3.13                            # specs/defaults.yaml:3
  Handler: a.b                                   # specs/checkout.yaml:7
  Role: "arn:aws:iam::123456789012:role/lambda"  # specs/defaults.yaml:5
  Environment:
    Variables:
      TOKEN: "(sensitive)"                       # specs/defaults.yaml:7
      FROM: "{{ ssm('/a') }}"                    # specs/defaults.yaml:7
      PART: "(sensitive, with {{ ssm('/a') }})"  # specs/defaults.yaml:7
      "NO": "(sensitive)"                        # specs/defaults.yaml:7
  MemorySize: 1024                               # specs/checkout.yaml:7
code:
  S3Bucket: "b-{{ region }}"                     # specs/checkout.yaml:6
  S3Key: "# 1: [}"                               # specs/checkout.yaml:7
"""


@pytest.fixture
def told(house: House) -> House:
    house.write("reconcile.yaml", CONFIG.replace("[us-west-2]", "[us-west-2, eu-west-1]"), stock=False)
    house.write("defaults.yaml", DEFAULTS, stock=False)
    house.write("checkout.yaml", SPEC, stock=False)
    house.write("other.yaml", function_spec("other"), stock=False)
    return house


def test_each_line_says_where_it_comes_from(told: House) -> None:
    told.write("checkout.yaml", SPEC.replace("Handler: null", "Handler: a.b"), stock=False)
    shown = told.run("show", "test/eu-west-1/checkout").out
    assert shown == WITH_PLACES


def test_as_json_it_has_the_same_and_fits_its_schema(told: House) -> None:
    told.write("checkout.yaml", SPEC.replace(", Handler: null", ""), stock=False)
    document = told.run("show", "specs", "checkout", "--format", "json").json()
    Draft202012Validator(json.loads(render("show"))).validate(document)
    assert [spec["address"] for spec in document["specs"]] == ["test/eu-west-1/checkout", "test/us-west-2/checkout"]
    for spec in document["specs"]:
        text = strict_yaml.parse(told.run("show", spec["address"]).out, "shown").value
        for item in spec["values"]:
            inside = text
            for step in item["path"].split("/")[1:]:
                inside = inside[step]
            assert inside == item["value"]
        assert (spec["file"], spec["extends"]) == ("specs/checkout.yaml", ["specs/defaults.yaml"])
        assert {item["path"]: item["source"] for item in spec["values"]}["/configuration/Runtime"] == {
            "file": "specs/defaults.yaml", "line": 3
        }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["chekout"], 2, "no spec is for chekout; did you mean checkout?"),
        (["specs/gone.yaml"], 20, "specs/gone.yaml:1:1: does not exist"),
        ([""], 2, ""),
        (["specs"], 20, "a function from a zip needs configuration.Handler"),
    ],
    ids=["a name that nothing has", "a file that is not there", "nothing", "a spec that is wrong"],
)
def test_what_cannot_be_shown_is_told(told: House, words: list[str], code: int, said: str) -> None:
    result = told.run("show", *words)
    assert (result.exit_code, said in result.err, result.out) == (code, True, "")


def test_sections_that_are_empty_and_long_values_read_back(told: House) -> None:
    layers = [f"arn:aws:lambda:us-west-2:123456789012:layer:a-rather-long-name-{number}:1" for number in range(3)]
    told.write(
        "checkout.yaml",
        HEAD + f"tags: {{}}\nurls: {{}}\nconfiguration: {{Layers: {json.dumps(layers)}}}\n",
        stock=False,
    )
    shown = told.run("show", "specs/checkout.yaml").out
    value = strict_yaml.parse(shown, "shown").value
    assert (value["tags"], value["urls"], value["configuration"]) == ({}, {}, {"Layers": layers})
