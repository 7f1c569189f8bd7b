"""`reconcile import`: specs of functions that live, as people read them; what is left out, passed over and refused is said."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

import click
import pytest
from jsonschema import Draft202012Validator

import reconciler
from reconciler.commands.importing import wish
from reconciler.importing.told import Part, Reader, Said, Told
from reconciler.report.answers import IMPORT
from reconciler.sandbox.around.faults import Fault, Script
from reconciler.snapshot import artifacts
from tests.apply.houses import OURS
from tests.apply.strangers import zip_of
from tests.conftest import ACCOUNT, REGION, ROLE, House, Result, function_spec
from tests.importing.account import stocked
from tests.importing.test_law_of_import import emptied, put_parameters
from tests.plan.test_unreadable import KEY, answering, no_code, no_environment, no_filters, no_tags, no_timeout

SECRET = "correct-horse-battery"
ELSEWHERE = "eu-west-1"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
TWO = OURS.replace("[us-west-2]", f"[us-west-2, {ELSEWHERE}]")
WHOLE = function_spec(
    configuration=f"""
    Description: Takes orders
    MemorySize: 512
    LoggingConfig: {{LogFormat: JSON}}
    Environment: {{Variables: {{TOKEN: {SECRET}, STAGE: prod}}}}
    """,
    extra=f"""
    publish: true
    tags: {{team: payments}}
    log_group: {{retention_days: 14}}
    aliases: {{live: {{FunctionVersion: published}}}}
    concurrency: {{ReservedConcurrentExecutions: 5}}
    urls: {{live: {{AuthType: AWS_IAM}}}}
    permissions:
      live:
        bucket: {{Action: "lambda:InvokeFunction", Principal: s3.amazonaws.com, SourceArn: "arn:aws:s3:::uploads", SourceAccount: "{ACCOUNT}"}}
    event_source_mappings: {{some: {{EventSourceArn: "{QUEUE}", alias: live, Tags: {{team: payments}}}}}}
    """,
)


def living(house: House, *specs: str, config: str = OURS) -> House:
    """What these specs say lives, nobody's, and no spec is there."""
    house.write("reconcile.yaml", config.replace("managedBy: shop\n", ""), stock=False)
    for number, spec in enumerate(specs):
        house.write(f"{number}.yaml", spec)
    house.apply()
    emptied(house)
    house.write("reconcile.yaml", config, stock=False)
    house.sandbox.requests.clear()
    return house


def imports(house: House, *words: str, code: int = 0) -> Result:
    result = house.run("import", *words)
    assert result.exit_code == code, result.out + result.err
    assert house.sandbox.writes == []
    assert SECRET not in result.out + result.err
    return result


def text(house: House, name: str = "checkout.yaml") -> str:
    return (house.root / "specs" / name).read_text()


def said(spec: str) -> str:
    """A spec without the names of the sections in which there is nothing, which grow with every kind."""
    return spec.partition("\n# Nothing but")[0]


def undated(spec: str) -> str:
    return re.sub("[0-9]{4}-[0-9]{2}-[0-9]{2}", "", spec)


def is_taken_over(house: House) -> bool:
    """Whether a plan shows the mark alone."""
    plan = house.plan()
    acting = [action for target in plan["targets"] for action in target["actions"] if action["verb"] != "none"]
    assert all(action["verb"] == "adopt" and not action["fields"] for action in acting), acting
    assert [note["message"] for note in plan["diagnostics"] if note["severity"] == "refusal"] == []
    return bool(acting)


# --- what is written -------------------------------------------------------------------------------------------------


def test_a_spec_says_all_that_is_not_by_itself_in_the_order_in_which_people_write_it(house: House) -> None:
    living(house, WHOLE)
    imports(house, "checkout", "--bucket", "artifacts")
    heading, _, rest = said(text(house)).partition("\n")
    assert heading.startswith("# checkout, as AWS held it on 20")
    assert heading.endswith(f"; imported from arn:aws:lambda:{REGION}:{ACCOUNT}:function:checkout")
    assert rest == textwrap.dedent(
        """\
        function: checkout
        account: test
        region: us-west-2
        adopt: true

        configuration:
          Runtime: python3.13
          Role: "arn:{{ partition }}:iam::{{ account.id }}:role/lambda"
          Handler: lambda_function.lambda_handler
          Description: "Takes orders"
          MemorySize: 512
          LoggingConfig: {LogFormat: JSON}

        code: {S3Bucket: artifacts, S3Key: v1.zip}
        publish: true

        tags: {team: payments}

        log_group: {retention_days: 14}

        # live: on the newest version, which is what $LATEST is, and so on the next one; a number in its place stays
        aliases: {live: {FunctionVersion: published}}

        concurrency: {ReservedConcurrentExecutions: 5}

        urls: {live: {AuthType: AWS_IAM}}

        permissions:
          live:
            bucket:
              Action: "lambda:InvokeFunction"
              Principal: s3.amazonaws.com
              SourceArn: "arn:aws:s3:::uploads"
              SourceAccount: "{{ account.id }}"

        event_source_mappings:
          orders:
            EventSourceArn: "arn:{{ partition }}:sqs:{{ region }}:{{ account.id }}:orders"
            Tags: {team: payments}
            alias: live

        ignore: ["/configuration/Environment/Variables/TOKEN", "/configuration/Environment/Variables/STAGE"]
        """
    )
    assert is_taken_over(house)
    house.apply()
    assert house.verbs() == {}


def test_functions_are_listed_once_and_everything_of_them_is_read_in_bulk(house: House) -> None:
    names = [f"f{number}" for number in range(6)]
    living(house, *(function_spec(name) for name in names))
    imports(house, "--all-unmanaged")
    calls = Counter(request.operation for request in house.sandbox.requests)
    together = {"ListFunctions": 2, "ListEventSourceMappings": 1, "DescribeLogGroups": 1, "DescribeScalableTargets": 1}
    assert {name: calls[name] for name in together} == together
    assert {name: count for name, count in calls.items() if count > len(names) and name not in together} == {}
    assert len(calls) < 20


def test_a_function_that_is_the_same_in_two_regions_is_one_file(house: House) -> None:
    spec = WHOLE.replace("region: us-west-2", f"regions: [us-west-2, {ELSEWHERE}]").replace(
        REGION + ":", "{{ region }}:"
    )
    living(house, spec.replace("S3Bucket: artifacts", 'S3Bucket: "artifacts-{{ region }}"'), config=TWO)
    imports(house, "--all-unmanaged")
    assert f"regions: [{ELSEWHERE}, us-west-2]" in text(house)
    assert is_taken_over(house)


def test_what_differs_by_region_is_two_files_in_folders(house: House) -> None:
    spec = function_spec(extra=f"by_region: {{{ELSEWHERE}: {{configuration: {{MemorySize: 999}}}}}}\n")
    spec = spec.replace("region: us-west-2", f"regions: [us-west-2, {ELSEWHERE}]")
    living(house, spec.replace("S3Bucket: artifacts", 'S3Bucket: "artifacts-{{ region }}"'), config=TWO)
    result = imports(house, "checkout")
    assert "note: 1 function with a file for each place; import one place after the other" in result.out
    assert "MemorySize" not in text(house, "us-west-2/checkout.yaml")
    assert "MemorySize: 999" in text(house, f"{ELSEWHERE}/checkout.yaml")
    assert is_taken_over(house)


def test_names_that_would_be_one_file_get_two(house: House) -> None:
    living(house, *map(function_spec, ("Mailer", "mailer", "reconcile")))
    imports(house, "--all-unmanaged")
    names = sorted(path.name for path in (house.root / "specs").iterdir())
    assert names == ["Mailer.yaml", "mailer-2.yaml", "reconcile-2.yaml", "reconcile.yaml"]
    assert is_taken_over(house)


def test_without_a_configuration_one_is_written_for_the_account_of_the_credentials(house: House) -> None:
    living(house, function_spec())
    (house.root / "specs" / "reconcile.yaml").unlink()
    result = imports(house, "--all-unmanaged")
    assert result.out.startswith("wrote  specs/reconcile.yaml\nwrote  specs/checkout.yaml\n")
    assert f'accountId: "{ACCOUNT}", regions: [{REGION}]' in text(house, "reconcile.yaml")
    assert is_taken_over(house)


def test_an_account_is_under_git_with_an_empty_plan_after_three_commands(house: House) -> None:
    stocked(house)
    imports(house, "--all-unmanaged", "--bucket", "artifacts")
    assert house.run("apply", "--yes").exit_code == 0
    assert set(house.writes()) == {"TagResource"}
    result = house.run("plan")
    assert "No changes. What git says is what AWS holds (30 functions" in result.out
    texts = "".join(path.read_text() for path in (house.root / "specs").iterdir())
    assert "token of" not in texts
    assert texts.count("code: {S3Bucket: artifacts, S3Key: v1.zip}") == 27
    page = (Path(reconciler.__file__).parent / "manual" / "moving-in.md").read_text()
    shown = page.split("```yaml\n")[1].split("```")[0]
    assert undated(said(shown)) == undated(said(text(house, "shop-refunds.yaml")))


def test_what_most_functions_say_alike_is_offered_and_with_a_flag_written_once(house: House) -> None:
    stocked(house)
    house.lambda_.update_function_configuration(FunctionName="shop-stock", Timeout=3, Handler="other.handler")
    house.lambda_.untag_resource(Resource=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:shop-stock", TagKeys=["team"])
    house.sandbox.requests.clear()
    offered = imports(house, "--all-unmanaged").out
    assert "note: 4 values the same in most of the functions; --defaults FILE writes them once" in offered
    emptied(house)
    (house.root / "specs/reconcile.yaml").unlink()
    imports(house, "--all-unmanaged", "--defaults", "specs/defaults/python.yaml")
    assert undated(text(house, "defaults/python.yaml")) == textwrap.dedent(
        """\
        # What most of 30 functions have in common, as AWS held it on 
        defaults: python

        configuration:
          Handler: lambda_function.lambda_handler
          Role: "arn:{{ partition }}:iam::{{ account.id }}:role/lambda"
          Runtime: python3.13
          Timeout: 30

        # Another place for all of them is one entry, with what is another there:
        # variants: {elsewhere: {account: main, region: REGION}}
        """  # noqa: W291  where the day stood
    )
    ours, theirs = text(house, "shop-orders.yaml"), text(house, "shop-stock.yaml")
    assert "\nextends: defaults/python.yaml\n" in ours
    assert '\nconfiguration: {Description: "shop orders: \\"live\\""}\n' in ours
    assert "  Handler: other.handler\n" in theirs
    assert "  Timeout: null\n" in theirs or "Timeout: null" in theirs
    assert is_taken_over(house)
    refused = imports(house, "--all-unmanaged", "--defaults", "specs/defaults/python.yaml", code=2)
    assert "is there, and no file is changed" in refused.err


def test_defaults_stand_where_specs_may_extend_them_and_are_there_for_another_place_at_least(house: House) -> None:
    living(house, *map(function_spec, ("a1", "b1", "c1")))
    for place in ("outside.yaml", "specs/reconcile.yaml", "specs/defaults", "specs/../../x.yaml"):
        assert f"--defaults {place} is " in imports(house, "--all-unmanaged", "--defaults", place, code=2).err
    imports(house, "a1", "--defaults", "specs/few.yaml")
    assert text(house, "few.yaml").splitlines()[1:3] == ["defaults: few", ""]
    assert "\nextends: few.yaml\n" in text(house, "a1.yaml")
    assert sorted(path.name for path in (house.root / "specs").iterdir()) == ["a1.yaml", "few.yaml", "reconcile.yaml"]
    assert is_taken_over(house)


# --- environments ----------------------------------------------------------------------------------------------------


def test_values_of_an_environment_stay_where_they_are_through_a_change_beside_them(house: House) -> None:
    living(house, WHOLE)
    imports(house, "checkout")
    assert SECRET not in text(house)
    house.write("checkout.yaml", text(house).replace("MemorySize: 512", "MemorySize: 1024"), stock=False)
    assert house.apply()["outcome"]["status"] == "succeeded"
    held = house.lambda_.get_function_configuration(FunctionName="checkout")
    assert (held["MemorySize"], held["Environment"]["Variables"]) == (1024, {"TOKEN": SECRET, "STAGE": "prod"})


def test_values_go_into_parameters_by_commands_that_do_not_show_them(house: House) -> None:
    living(house, WHOLE)
    result = imports(house, "checkout", "--env", "ssm:/shop", "--format", "json")
    assert "TOKEN: \"{{ ssm('/shop/checkout/TOKEN') }}\"" in text(house)
    commands = result.json()["parameters"]
    assert commands[0]["command"] == (
        f"(v=$(aws lambda get-function-configuration --region {REGION} --function-name checkout "
        '--query Environment.Variables.TOKEN --output text && echo x) && printf %s "${v%??}" '
        f"| aws ssm put-parameter --region {REGION} --name /shop/checkout/TOKEN --type SecureString --value file:///dev/stdin)"
    )
    put_parameters(house, commands)
    assert is_taken_over(house)


def test_values_are_written_only_where_somebody_at_a_terminal_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    living(house, WHOLE)
    refused = imports(house, "checkout", "--env", "values", code=21)
    assert refused.err.endswith("asks on a terminal, and there is none; leave it out, or pass ssm:/PREFIX (R255)\n")
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda _: True})())
    monkeypatch.setattr(click, "confirm", lambda *_, **__: False)
    assert imports(house, "checkout", "--env", "values", code=21).err.endswith("nothing was written (R255)\n")
    assert not (house.root / "specs" / "checkout.yaml").exists()
    monkeypatch.setattr(click, "confirm", lambda *_, **__: True)
    imports(house, "checkout", "--env", "values")
    assert f"Environment: {{Variables: {{TOKEN: {SECRET}, STAGE: prod}}}}" in text(house)
    assert is_taken_over(house)


@pytest.mark.parametrize("mode", ["", "all", "ssm:", "ssm:shop", "ssm:/aws/x", "ssm:/a b", "ssm:/shop')}}"])
def test_a_way_to_write_environments_that_is_none_is_told(house: House, mode: str) -> None:
    assert "ssm:/PREFIX" in imports(house, "checkout", "--env", mode, code=2).err


# --- code ------------------------------------------------------------------------------------------------------------


def test_code_that_is_found_nowhere_is_downloaded_as_it_is(house: House) -> None:
    living(house, function_spec())
    house.lambda_.update_function_code(FunctionName="checkout", ZipFile=zip_of("by hand"))
    house.sandbox.requests.clear()
    result = imports(house, "checkout", "--bucket", "artifacts", "--bucket", "nowhere", "--download", "code")
    assert "bucket nowhere cannot be looked through" in result.err
    (package,) = (house.root / "code").iterdir()
    assert package.read_bytes() == zip_of("by hand")
    assert f'code: {{path: "../code/{package.name}"}}' in text(house)
    assert is_taken_over(house)
    emptied(house)
    imports(house, "checkout", "--download", "code")
    assert len(list((house.root / "code").iterdir())) == 1


def test_code_that_nobody_can_name_is_nobodys_and_that_is_said(house: House) -> None:
    living(house, function_spec())
    result = imports(house, "checkout")
    assert "/code left to others: AWS does not tell where it came from; name a --bucket" in result.out
    assert "# left to others: /code, for AWS does not tell where it came from;" in text(house)
    assert is_taken_over(house)


def test_an_image_is_the_one_that_runs(house: House) -> None:
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop"
    spec = (
        f"function: checkout\nconfiguration: {{PackageType: Image, Role: {ROLE}}}\ncode: {{ImageUri: '{image}:v1'}}\n"
    )
    living(house, spec)
    imports(house, "checkout")
    sha256 = house.lambda_.get_function_configuration(FunctionName="checkout")["CodeSha256"]
    image = "{{ account.id }}.dkr.ecr.{{ region }}.amazonaws.com/shop"
    assert f'ImageUri: "{image}@sha256:{sha256}"' in text(house)
    assert is_taken_over(house)


# --- what is passed over, and what fails -----------------------------------------------------------------------------


def test_what_has_a_spec_is_passed_over_and_a_spec_that_is_broken_is_mended_first(house: House) -> None:
    living(house, function_spec(), function_spec("mailer"))
    house.write("old.yaml", function_spec(), stock=False)
    result = imports(house, "--all-unmanaged")
    assert f"passed test/{REGION}/checkout: specs/old.yaml:1:11 describes it" in result.out
    assert "Imported: 1 function in 1 file; 1 passed over." in result.out
    house.write("old.yaml", "function: checkout\nfunction: checkout\n", stock=False)
    assert "stands here again" in imports(house, "--all-unmanaged", code=20).err


def test_a_function_of_another_house_is_passed_over_and_one_of_a_stack_is_named(house: House) -> None:
    living(house, function_spec(), function_spec("mailer"))
    region, _ = house.sandbox.gate.region(ACCOUNT, REGION)
    region.functions["checkout"].tags["reconcile:managed-by"] = "bakery"
    region.functions["mailer"].tags["aws:cloudformation:stack-name"] = "post"
    result = imports(house, "--all-unmanaged")
    assert f"passed test/{REGION}/checkout: it is managed by bakery" in result.out
    assert (
        f"note: test/{REGION}/mailer belongs to the CloudFormation stack post, which will change it as well"
        in result.out
    )
    assert is_taken_over(house)


def test_what_hangs_on_an_alias_that_is_gone_is_left_to_others(house: House) -> None:
    living(house, WHOLE)
    region, _ = house.sandbox.gate.region(ACCOUNT, REGION)
    del region.functions["checkout"].aliases["live"]
    result = imports(house, "checkout")
    assert "/event_source_mappings left to others: " in result.out
    assert "there is no alias live (R223)" in text(house)
    assert is_taken_over(house)


def test_no_file_that_is_there_is_changed_and_none_is_written_through_a_link(house: House) -> None:
    living(house, function_spec(), function_spec("mailer"))
    house.write("checkout.yaml", "mine: 1\n", stock=False)
    result = imports(house, "--all-unmanaged", code=25)
    assert "checkout.yaml is there, and no file is changed; move it, or name another folder with -o" in result.out
    assert text(house) == "mine: 1\n"
    (house.root / "specs" / "link").symlink_to(house.root)
    assert (
        "is a link, and nothing is written through links"
        in imports(house, "checkout", "-o", "specs/link/a", code=2).err
    )


def test_a_function_whose_creation_failed_is_not_imported(house: House) -> None:
    living(house, function_spec("other"))
    house.sandbox.gate.script = Script([Fault("CreateFunction", nth=1, fails="InvalidSubnet")])
    house.lambda_.create_function(
        FunctionName="checkout", Runtime="python3.13", Handler="a.b", Role=ROLE, Code={"ZipFile": zip_of("")}
    )
    house.sandbox.requests.clear()
    result = imports(house, "checkout", code=21)
    assert f"failed test/{REGION}/checkout: its creation failed (InvalidSubnet)" in result.out


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


def test_of_whom_a_function_is_must_be_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    living(house, WHOLE)
    answering(monkeypatch, "GetFunction", no_tags)
    assert "nobody can tell whose it is" in imports(house, "checkout", code=21).out


# --- what is meant ---------------------------------------------------------------------------------------------------


def test_which_functions_are_meant_is_said_or_asked_for(house: House) -> None:
    living(house, function_spec(), function_spec("mailer"))
    assert "say which functions: NAME…, --function GLOB, --from FILE, or --all-unmanaged" in imports(house, code=2).err
    assert (
        "no function chekout in the places that are asked; did you mean checkout?"
        in imports(house, "chekout", code=2).err
    )
    assert "region eu-west-9 is none of an account" in imports(house, "checkout", "--region", "eu-west-9", code=2).err
    assert "account tset is not in" in imports(house, "checkout", "--account", "tset", code=2).err
    imports(house, f"test/{REGION}/check*", "--function", "*out")
    assert sorted(path.name for path in (house.root / "specs").iterdir()) == ["checkout.yaml", "reconcile.yaml"]


def test_what_deployed_a_function_names_its_parts_and_is_told_to_let_go(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = Said(
        "checkout", "infra/state.json", REGION, ACCOUNT, "test", {QUEUE: "incoming"}, {"path": "../build/checkout.zip"},
        {"/configuration/Role": "aws_iam_role.\x1bshop.arn"}, (Part("aliases", "alias.live"), Part("scaling", "other")),
    )  # fmt: skip
    reader = Reader(
        "old", "an old tool", lambda file: json.loads(file.text), lambda held: Told((said, Said("gone")), ("half of it",)),
        lambda owned, kept: "".join(f"{word} {part.name}\n" for word, parts in (("forget", owned), ("keep", kept)) for part in parts),
    )  # fmt: skip
    monkeypatch.setattr(
        wish, "read_sources", lambda files: [(reader, reader.told([reader.parsed(file) for file in files]))]
    )
    living(house, WHOLE, function_spec("mailer"))
    house.lambda_.update_function_code(FunctionName="checkout", ZipFile=zip_of("built"))
    house.sandbox.requests.clear()
    for name, content in (("build/checkout.zip", zip_of("built")), ("infra/state.json", b"{}")):
        (house.root / name).parent.mkdir(exist_ok=True)
        (house.root / name).write_bytes(content)
    result = imports(house, "--from", "infra/state.json", code=25)
    assert "failed gone: AWS has no such function" in result.out
    assert "note: half of it" in result.out
    assert "# then, for an old tool:\nforget alias.live\nkeep other\n" in result.out
    assert "# /configuration/Role is aws_iam_role.\\u001bshop.arn there" in text(house)
    assert 'code: {path: "../build/checkout.zip"}' in text(house)
    assert "\n  incoming:\n" in text(house)
    assert sorted(path.name for path in (house.root / "specs").iterdir()) == ["checkout.yaml", "reconcile.yaml"]
    assert is_taken_over(house)


def test_json_is_one_document_also_of_nothing(house: House) -> None:
    living(house, WHOLE)
    for words in (("checkout", "--env", "ssm:/shop"), ("--all-unmanaged",)):
        document = imports(house, *words, "--format", "json").json()
        Draft202012Validator(IMPORT).validate(document)
    assert document["files"] == []
    error: dict[str, Any] = imports(house, "nothing", "--format", "json", code=2).json()
    assert error["kind"] == "error"


def test_a_source_that_cannot_be_read_is_a_mistake_of_the_command_line(house: House) -> None:
    living(house, function_spec())
    (house.root / "bytes").write_bytes(b"\xc3(")
    assert "bytes: is not UTF-8" in imports(house, "--from", "bytes", code=2).err
    assert "gone: cannot be read" in imports(house, "--from", "gone", code=2).err


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"terraform_version": "1.11.4",\n "values": {]}', r"f\.json:2:13: is not JSON: expecting property name"),
        ('{\n  "format_version": "1.0"\n', r"f\.json:3:1: is not JSON: expecting ',' delimiter"),
        ('[{"a": 1}', r"f\.json:1:10: is not JSON"),
        ('{"Resources": {"A": {"Type": "AWS::Lambda::Function"}}}', "f.json: is a template.*describe-stack-resources"),
        ('{"StackResources": []}', "f.json: tells of no function"),
        ('{"terraform_version": "1", "format_version": "1"}', "f.json: tells of no function"),
        ('{"FunctionName": "{{ must_env `A` }}"}', "f.json: only lambroll can tell"),
    ],
)
def test_a_source_that_tells_of_nothing_says_what_is_wrong_where_and_what_was_expected(
    house: House, text: str, why: str
) -> None:
    living(house, function_spec())
    (house.root / "f.json").write_text(text)
    result = imports(house, "--from", "f.json", code=2)
    assert re.search(why, result.err)
    assert "Nothing to import" not in result.out


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_source_may_be_written_as_any_shell_writes_it(house: House, encoding: str) -> None:
    living(house, function_spec())
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    (house.root / "function.json").write_text(f'{mark}{{"FunctionName": "checkout"}}', encoding=encoding)
    assert "Imported: 1 function" in imports(house, "--from", "function.json").out


# --- nothing is left out in silence ----------------------------------------------------------------------------------


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


def test_accounts_and_regions_that_are_not_asked_are_told(house: House) -> None:
    living(house, function_spec())
    more = "    - {name: off, accountId: '210987654321', regions: [us-west-2]}\n    - {name: bare, lambdaEnabled: true, accountId: '310987654321'}\n"
    config = OURS.replace("managedBy: shop\n", "").rstrip() + "\n" + more + "managedBy: shop\n"
    house.write("reconcile.yaml", config, stock=False)
    out = imports(house, "--all-unmanaged").out
    assert "note: account off was not asked, for in specs/reconcile.yaml it is not enabled\n" in out
    assert (
        "note: account bare was not asked, for in specs/reconcile.yaml it has no regions; write them, or pass --region\n"
        in out
    )
    assert f"note: test/{REGION} alone was asked; other regions are asked once specs/reconcile.yaml names them\n" in out
    emptied(house)
    assert "asked" not in imports(house, "--all-unmanaged", "--account", "test", "--region", REGION).out


def test_an_object_of_which_s3_keeps_no_hash_is_read_where_it_has_the_very_size(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    living(house, function_spec())
    s3 = house.sandbox.clients.get("s3", ACCOUNT, REGION)
    package = s3.get_object(Bucket="artifacts", Key="v1.zip")["Body"].read()
    s3.create_bucket(Bucket="large", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="large", Key="a.zip", Body=bytes(len(package)))
    s3.put_object(Bucket="large", Key="b.zip", Body=package)
    monkeypatch.setattr(artifacts, "LARGEST_READ_BYTES", -1)
    house.sandbox.requests.clear()
    imports(house, "checkout", "--bucket", "large")
    sha256 = house.lambda_.get_function_configuration(FunctionName="checkout")["CodeSha256"]
    assert f'code: {{S3Bucket: large, S3Key: b.zip, sha256: "{sha256}"}}' in text(house)
    assert is_taken_over(house)


def test_what_was_let_go_is_taken_over_again_as_long_as_its_spec_says_so(house: House) -> None:
    living(house, function_spec())
    imports(house, "checkout")
    house.apply()
    told = house.run("disown", "checkout", "--yes")
    assert "specs/checkout.yaml:5:1 says `adopt: true`, so the next apply takes it over again" in told.out + told.err
    assert is_taken_over(house)
