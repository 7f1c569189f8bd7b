"""`reconcile import`: specs of functions that live, as people read them, one account's in three commands."""

from __future__ import annotations

import textwrap
from collections import Counter
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import reconciler
from reconciler.report.answers import IMPORT
from tests.conftest import ACCOUNT, REGION, House, function_spec
from tests.importing.account import stocked
from tests.importing.moving_in import (
    ELSEWHERE,
    TWO,
    WHOLE,
    imports,
    is_taken_over,
    living,
    said,
    text,
    undated,
)


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


def test_json_is_one_document_also_of_nothing(house: House) -> None:
    living(house, WHOLE)
    for words in (("checkout", "--env", "ssm:/shop"), ("--all-unmanaged",)):
        document = imports(house, *words, "--format", "json").json()
        Draft202012Validator(IMPORT).validate(document)
    assert document["files"] == []
    error: dict[str, Any] = imports(house, "nothing", "--format", "json", code=2).json()
    assert error["kind"] == "error"


def test_what_was_let_go_is_taken_over_again_as_long_as_its_spec_says_so(house: House) -> None:
    living(house, function_spec())
    imports(house, "checkout")
    house.apply()
    told = house.run("disown", "checkout", "--yes")
    assert "specs/checkout.yaml:5:1 says `adopt: true`, so the next apply takes it over again" in told.out + told.err
    assert is_taken_over(house)
