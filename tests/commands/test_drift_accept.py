"""`drift accept`: what AWS moved is written into the specs, as it stands there, and a plan no longer shows it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.report.answers import ACCEPTANCE
from tests.conftest import ACCOUNT, CONFIG, REGION, House, Result, function_spec
from tests.spec.test_hostile_git import git

SECRET = "correct-horse-battery"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
SPEC = function_spec(
    configuration=f"""
    # big enough
    MemorySize: 512   # MB
    Timeout: 30
    Description: Takes orders
    Environment: {{Variables: {{TOKEN: {SECRET}}}}}
    """,
    extra=f"""
    # who invokes what
    aliases:
      live: {{FunctionVersion: "1"}}   # what customers get
      # another: later
    event_source_mappings:
      orders:
        EventSourceArn: {QUEUE}
        # few at a time
        BatchSize: 5
    urls: {{}}
    tags: {{team: payments}}
    """,
)


def committed(house: House, text: str = SPEC) -> House:
    """Applied, one version published, in git, and nothing drifted."""
    house.write("reconcile.yaml", CONFIG, stock=False)
    house.write("checkout.yaml", text.replace('"1"', "$LATEST").replace("published", "$LATEST"))
    house.apply()
    house.lambda_.publish_version(FunctionName="checkout")
    house.write("checkout.yaml", text)
    (house.root / ".gitignore").write_text("reports\n")
    git(house.root, "init", "-q", "-b", "main")
    git(house.root, "add", "-A")
    git(house.root, "commit", "-qm", "a shop")
    house.apply()
    house.sandbox.requests.clear()
    return house


def accept(house: House, *words: str, code: int = 0) -> Result:
    result = house.run("drift", "accept", *words)
    assert result.exit_code == code, result.out + result.err
    assert house.writes() == []
    assert SECRET not in result.out + result.err
    return result


def text(house: House) -> str:
    return (house.root / "specs/checkout.yaml").read_bytes().decode()


def memory(house: House, size: int = 1024) -> None:
    house.lambda_.update_function_configuration(FunctionName="checkout", MemorySize=size)
    house.sandbox.requests.clear()


def test_a_memory_that_was_changed_is_one_line_and_the_plan_is_empty(house: House) -> None:
    memory(committed(house))
    result = accept(house)
    assert text(house) == SPEC.replace("MemorySize: 512   # MB", "MemorySize: 1024   # MB")
    assert "-  MemorySize: 512   # MB\n+  MemorySize: 1024   # MB\n" in result.out
    assert result.out.endswith("Taken over from AWS: 1 difference in 1 file.\n")
    assert house.verbs() == {}
    assert accept(house).out == "Nothing has drifted.\n"


def test_an_alias_made_by_hand_is_a_block_of_its_section_and_comments_stay(house: House) -> None:
    committed(house)
    house.lambda_.create_alias(FunctionName="checkout", Name="beta", FunctionVersion="1", Description="try it")
    house.sandbox.requests.clear()
    accept(house)
    added = '  beta: {FunctionVersion: "1", Description: "try it"}\n'
    assert text(house) == SPEC.replace("  # another: later\n", f"  # another: later\n{added}")
    assert house.verbs() == {}


def test_a_mapping_that_was_deleted_goes_with_what_is_said_in_it(house: House) -> None:
    committed(house)
    (held,) = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    house.lambda_.delete_event_source_mapping(UUID=held["UUID"])
    house.sandbox.requests.clear()
    accept(house)
    assert "event_source_mappings: {}\nurls: {}\n" in text(house)
    assert house.verbs() == {}


def test_a_mapping_and_a_url_made_by_hand_have_names_and_what_is_not_default(house: House) -> None:
    committed(house)
    house.sandbox.clients.get("sqs", ACCOUNT, REGION).create_queue(QueueName="returns")
    source = QUEUE.replace("orders", "returns")
    house.lambda_.create_event_source_mapping(
        FunctionName="checkout", EventSourceArn=source, BatchSize=3, Enabled=False
    )
    house.lambda_.create_function_url_config(FunctionName="checkout", Qualifier="live", AuthType="AWS_IAM")
    house.sandbox.requests.clear()
    accept(house)
    assert f'  returns:\n    EventSourceArn: "{source}"\n    BatchSize: 3\n    Enabled: false\n' in text(house)
    assert "urls: {live: {AuthType: AWS_IAM}}\n" in text(house)
    assert house.verbs() == {}


def test_a_variable_is_named_and_not_written(house: House) -> None:
    committed(house)
    variables = {"TOKEN": SECRET, "OTHER": SECRET}
    house.lambda_.update_function_configuration(
        FunctionName="checkout", Environment={"Variables": variables}, MemorySize=1024
    )
    house.sandbox.requests.clear()
    result = accept(house, code=25)
    assert "left: test/us-west-2/checkout /configuration/Environment/Variables/OTHER: it is sensitive" in result.out
    assert "MemorySize: 1024" in text(house)
    assert accept(house, code=21).out.endswith("Taken over from AWS: 0 differences; 1 left.\n")


def test_what_stands_in_a_line_with_a_secret_is_shown_without_it(house: House) -> None:
    one_line = (
        function_spec()
        .replace("configuration:\n  ", "configuration: {")
        .replace("\n  ", ", ")
        .replace("\n\ncode", f", Environment: {{Variables: {{TOKEN: {SECRET}}}}}}}\ncode")
    )
    memory(committed(house, one_line))
    result = accept(house)
    assert "TOKEN: (sensitive)" in result.out
    assert SECRET in text(house)
    assert house.verbs() == {}


def test_in_a_map_on_one_line_an_entry_is_changed_taken_out_and_added(house: House) -> None:
    committed(house)
    arn = house.lambda_.get_function(FunctionName="checkout")["Configuration"]["FunctionArn"]
    house.lambda_.untag_resource(Resource=arn, TagKeys=["team"])
    house.lambda_.tag_resource(Resource=arn, Tags={"on": "call"})
    house.sandbox.requests.clear()
    accept(house)
    assert 'tags: {"on": call}\n' in text(house)
    assert house.verbs() == {}


def test_an_anchor_on_the_way_is_refused_with_its_place_and_the_rest_is_written(house: House) -> None:
    shared = SPEC.replace("{team: payments}", "&tags {team: payments}")
    committed(house, shared)
    arn = house.lambda_.get_function(FunctionName="checkout")["Configuration"]["FunctionArn"]
    house.lambda_.tag_resource(Resource=arn, Tags={"team": "risk"})
    memory(house)
    result = accept(house, code=25)
    assert "/tags/team: specs/checkout.yaml:27:7: has the anchor &tags" in result.out
    assert text(house) == shared.replace("512", "1024")


def test_lines_end_as_they_did(house: House) -> None:
    dos = SPEC.replace("\n", "\r\n")
    memory(committed(house))
    (house.root / "specs/checkout.yaml").write_bytes(dos.encode())
    accept(house)
    assert text(house) == dos.replace("512", "1024")


def test_what_is_aws_default_again_is_no_entry_any_more(house: House) -> None:
    committed(house)
    house.lambda_.update_function_configuration(FunctionName="checkout", Description="", Timeout=3)
    house.sandbox.requests.clear()
    accept(house)
    assert text(house) == SPEC.replace("  Timeout: 30\n", "").replace("  Description: Takes orders\n", "")
    assert house.verbs() == {}


def test_only_what_is_asked_for_is_taken_over_and_a_check_writes_nothing(house: House) -> None:
    committed(house)
    house.lambda_.update_function_configuration(FunctionName="checkout", Timeout=40, MemorySize=1024)
    house.sandbox.requests.clear()
    before = text(house)
    assert "+  Timeout: 40" in accept(house, "--only", "/configuration/Time*", "--check", code=10).out
    assert text(house) == before
    accept(house, "--only", "/configuration/Timeout")
    assert text(house) == before.replace("30", "40")
    assert "Nothing of what is meant has drifted" in accept(house, "--only", "/aliases", "--check").out
    assert "is no path" in house.run("drift", "accept", "--only", "Timeout").err


def test_an_edit_of_git_is_no_drift(house: House) -> None:
    committed(house)
    house.write("checkout.yaml", SPEC.replace("512", "2048"))
    assert accept(house).out == "Nothing has drifted.\n"


def test_a_number_stands_for_the_newest_version_only_where_that_is_asked_for(house: House) -> None:
    followed = SPEC.replace('{FunctionVersion: "1"}', "{FunctionVersion: published}")
    committed(house, followed)
    house.lambda_.update_function_configuration(FunctionName="checkout", Timeout=31)
    house.lambda_.publish_version(FunctionName="checkout")
    house.lambda_.update_function_configuration(FunctionName="checkout", Timeout=30)
    house.lambda_.publish_version(FunctionName="checkout")
    house.sandbox.requests.clear()
    result = accept(house, code=21)
    assert "/aliases/live/FunctionVersion: the alias follows the newest version; --pin writes the number" in result.out
    accept(house, "--pin")
    assert text(house) == followed.replace("published", '"1"')
    assert house.verbs() == {}


def test_of_two_regions_one_alone_is_not_written_for_both(house: House) -> None:
    both = SPEC.replace("region: us-west-2", "regions: [us-west-2, eu-west-1]").replace(
        f"event_source_mappings:\n  orders:\n    EventSourceArn: {QUEUE}\n    # few at a time\n    BatchSize: 5\n", ""
    )
    house.write("reconcile.yaml", CONFIG.replace("[us-west-2]", "[us-west-2, eu-west-1]"), stock=False)
    house.write("checkout.yaml", both.replace('"1"', "$LATEST"))
    git(house.root, "init", "-q", "-b", "main")
    git(house.root, "add", "-A")
    git(house.root, "commit", "-qm", "a shop")
    house.apply()
    memory(house)
    before = text(house)
    for chosen in ([], ["test/us-west-2/checkout"], ["--region", "us-west-2"]):
        result = accept(house, *chosen, code=21)
        assert "specs/checkout.yaml:10:3 says it for test/eu-west-1/checkout as well" in result.out
        assert text(house) == before
    elsewhere = house.sandbox.clients.get("lambda", ACCOUNT, "eu-west-1")
    elsewhere.update_function_configuration(FunctionName="checkout", MemorySize=1024)
    house.sandbox.requests.clear()
    accept(house)
    assert text(house) == before.replace("512", "1024")


def test_what_a_region_says_for_itself_is_written_there(house: House) -> None:
    own = SPEC + "by_region: {us-west-2: {configuration: {MemorySize: 600}}}\n"
    memory(committed(house, own))
    accept(house)
    assert text(house) == own.replace("600", "1024")
    assert house.verbs() == {}


def test_what_a_reference_makes_and_code_are_left(house: House) -> None:
    referring = SPEC.replace("Takes orders", '"{{ function }} takes orders"')
    committed(house, referring)
    house.lambda_.update_function_configuration(FunctionName="checkout", Description="by hand")
    house.write("other.yaml", function_spec("other", key="v2.zip"))
    house.lambda_.update_function_code(FunctionName="checkout", S3Bucket="artifacts", S3Key="v2.zip")
    house.sandbox.requests.clear()
    result = accept(house, "specs/checkout.yaml", code=21)
    assert "/configuration/Description: it is made by a reference" in result.out
    assert "/code/CodeSha256: code is what its source is" in result.out
    assert text(house) == referring


def test_it_works_offline_and_as_a_document_and_as_a_pull_request(house: House) -> None:
    committed(house)
    house.lambda_.update_function_configuration(FunctionName="checkout", Description="<b>@ada</b>")
    assert house.run("snapshot", "-o", "live.json").exit_code == 0
    house.sandbox.requests.clear()
    house.sandbox.stop()
    result = accept(house, "--snapshot", "live.json", "--check", "--format", "json", code=10)
    document: dict[str, Any] = result.json()
    assert document["accepted"] == [
        {
            "address": "test/us-west-2/checkout", "path": "/configuration/Description", "before": "Takes orders",
            "after": "<b>@ada</b>", "source": {"file": "specs/checkout.yaml", "line": 12},
        }
    ]  # fmt: skip
    from reconciler.report.journal import has_form

    assert has_form(document, ACCEPTANCE)
    shown = accept(house, "--snapshot", "live.json", "--format", "markdown").out
    assert "<b>@ada" not in shown
    assert 'Description: "<b>@ada</b>"' in text(house)


def test_hostile_text_is_inert_and_text_that_no_spec_may_hold_is_left(house: House) -> None:
    committed(house)
    house.lambda_.update_function_configuration(FunctionName="checkout", Description="a\u202eb\x1b[31m")
    house.sandbox.requests.clear()
    before = text(house)
    result = accept(house, code=21)
    reason = "specs/checkout.yaml:1:1: cannot be edited: the invisible character U+202E is not allowed (R002); `ignore` leaves it to others"
    assert f"/configuration/Description: {reason}\n" in result.out
    assert text(house) == before
    assert json.dumps(result.out).count("\\u001b") == 0


def test_outside_git_nobody_can_tell_drift(house: House) -> None:
    house.write("checkout.yaml", SPEC.replace('"1"', "$LATEST"))
    house.apply()
    assert house.run("drift", "accept").exit_code == 2


@pytest.mark.parametrize(
    "words", [["drift", "acept"], ["drift", "accept", "nowhere"], ["drift", "accept", "--format", "sarif"]]
)
def test_bad_words_are_told(house: House, words: list[str]) -> None:
    assert house.run(*words).exit_code in (2, 20)


# --- every kind ------------------------------------------------------------------------------------------------------

EVERY_KIND = function_spec(
    configuration="""
    Timeout: 30
    LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: DEBUG}
    EphemeralStorage:
      Size: 1024   # MB
    TracingConfig:
      Mode: Active
    """,
    extra=f"""
    tags: {{team: payments}}
    log_group: {{retention_days: 14}}
    concurrency:
      ReservedConcurrentExecutions: 5
    recursion: {{RecursiveLoop: Allow}}
    runtime_management: {{UpdateRuntimeOn: FunctionUpdate}}
    aliases:
      live:
        FunctionVersion: "1"
        RoutingConfig:
          # a canary
          AdditionalVersionWeights: {{"2": 0.25}}
      beta: {{FunctionVersion: "2", Description: try it}}
    urls:
      live:
        AuthType: AWS_IAM
        Cors: {{AllowOrigins: ["*"], MaxAge: 5}}
    permissions:
      live:
        queue: {{Action: "lambda:InvokeFunction", Principal: sqs.amazonaws.com}}
        topic: {{Action: "lambda:InvokeFunction", Principal: sns.amazonaws.com}}
    event_invoke:
      live: {{MaximumRetryAttempts: 1}}
    event_source_mappings:
      orders:
        EventSourceArn: {QUEUE}
        alias: live
        BatchSize: 5
        FilterCriteria:
          Filters:
            - Pattern: '{{"a": [1]}}'
    """,
)


def of_every_kind(house: House) -> House:
    bare = EVERY_KIND[: EVERY_KIND.index("aliases:")]
    house.write("reconcile.yaml", CONFIG, stock=False)
    house.write("checkout.yaml", bare)
    house.apply()
    for description in ("one", "two"):
        house.lambda_.update_function_configuration(FunctionName="checkout", Description=description)
        house.lambda_.publish_version(FunctionName="checkout")
    house.lambda_.update_function_configuration(FunctionName="checkout", Description="")
    house.write("checkout.yaml", EVERY_KIND)
    (house.root / ".gitignore").write_text("reports\n")
    git(house.root, "init", "-q", "-b", "main")
    git(house.root, "add", "-A")
    git(house.root, "commit", "-qm", "a shop")
    house.apply()
    assert house.verbs() == {}
    return house


def mapping(house: House) -> str:
    (held,) = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    identifier: str = held["UUID"]
    return identifier


def test_what_is_changed_by_hand_of_every_kind_is_taken_over(house: House) -> None:
    aws, named = of_every_kind(house).lambda_, {"FunctionName": "checkout"}
    aws.update_function_configuration(
        **named, LoggingConfig={"LogFormat": "Text", "LogGroup": "/aws/lambda/checkout"}, EphemeralStorage={"Size": 512},
        TracingConfig={"Mode": "PassThrough"}, Timeout=3, MemorySize=256,
    )  # fmt: skip
    house.sandbox.clients.get("logs", ACCOUNT, REGION).put_retention_policy(
        logGroupName="/aws/lambda/checkout", retentionInDays=30
    )
    aws.put_function_concurrency(**named, ReservedConcurrentExecutions=7)
    aws.put_function_recursion_config(**named, RecursiveLoop="Terminate")
    aws.put_runtime_management_config(**named, UpdateRuntimeOn="Auto")
    aws.update_alias(**named, Name="live", FunctionVersion="2", RoutingConfig={"AdditionalVersionWeights": {}})
    aws.update_alias(
        **named,
        Name="beta",
        FunctionVersion="1",
        Description="",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
    )
    aws.update_function_url_config(
        **named, Qualifier="live", Cors={"AllowMethods": ["GET"]}, InvokeMode="RESPONSE_STREAM"
    )
    aws.put_function_event_invoke_config(**named, Qualifier="live", MaximumEventAgeInSeconds=60)
    aws.update_event_source_mapping(
        UUID=mapping(house), Enabled=False, FilterCriteria={}, BatchSize=10, FunctionName="checkout:beta"
    )
    aws.add_permission(
        **named, Qualifier="live", StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    house.sandbox.requests.clear()
    assert len(house.verbs()) == 11
    accept(house)
    assert house.verbs() == {}
    assert "# a canary" not in text(house)
    assert house.plan()["in_sync"] is True


def test_what_is_deleted_by_hand_of_every_kind_is_taken_over(house: House) -> None:
    aws, named = of_every_kind(house).lambda_, {"FunctionName": "checkout"}
    aws.delete_event_source_mapping(UUID=mapping(house))
    aws.delete_function_url_config(**named, Qualifier="live")
    aws.delete_function_event_invoke_config(**named, Qualifier="live")
    aws.remove_permission(**named, Qualifier="live", StatementId="topic")
    aws.delete_function_concurrency(**named)
    aws.delete_alias(**named, Name="beta")
    house.sandbox.requests.clear()
    accept(house)
    assert house.verbs() == {}
    for gone in ("urls: {}", "event_invoke: {}", "event_source_mappings: {}", "concurrency: {}"):
        assert f"{gone}\n" in text(house)
    assert house.plan()["in_sync"] is True


# --- what is left, and what is not meant -----------------------------------------------------------------------------


def test_a_function_that_is_gone_takes_nothing_out_of_its_spec(house: House) -> None:
    committed(house)
    house.lambda_.delete_function(FunctionName="checkout")
    house.sandbox.requests.clear()
    result = accept(house, code=21)
    assert text(house) == SPEC
    assert "the function is gone; write `state: absent` if it is to stay so" in result.out
    assert "/aliases" not in result.out


def test_what_would_make_the_spec_wrong_is_left_alone_and_the_rest_is_written(house: House) -> None:
    granting = SPEC + "permissions: {live: {}}\n"
    committed(house, granting)
    house.lambda_.delete_alias(FunctionName="checkout", Name="live")
    memory(house)
    result = accept(house, code=25)
    assert "left: test/us-west-2/checkout /aliases/live: with it the spec would be wrong: permission live" in result.out
    assert result.out.count("left: ") == 1
    assert text(house) == granting.replace("512", "1024")


def test_what_only_together_makes_a_valid_spec_is_written_together(house: House) -> None:
    invoking = SPEC.replace("    BatchSize: 5\n", "    BatchSize: 5\n    alias: live\n")
    committed(house, invoking)
    (held,) = house.lambda_.list_event_source_mappings()["EventSourceMappings"]
    house.lambda_.delete_event_source_mapping(UUID=held["UUID"])
    house.lambda_.delete_alias(FunctionName="checkout", Name="live")
    house.sandbox.requests.clear()
    accept(house)
    assert house.verbs() == {}


@pytest.mark.parametrize("pointer", ["/nonsense", "/aliases/live", "/configuration/Timeout/x"])
def test_a_path_that_nothing_drifted_at_does_not_pass_for_no_drift(house: House, pointer: str) -> None:
    memory(committed(house))
    result = accept(house, "--only", pointer)
    assert result.out == "Nothing of what is meant has drifted; 1 other difference has.\n"
    assert text(house) == SPEC
    assert accept(house, "--only", pointer, "--format", "json").json()["others"] == 1


def test_a_check_says_what_would_be_done_and_not_that_it_is(house: House) -> None:
    memory(committed(house))
    assert accept(house, "--check", code=10).out.endswith("To take over from AWS: 1 difference in 1 file.\n")
    assert accept(house, "--check", "--format", "json", code=10).json()["written"] is False
    assert accept(house, "--format", "json").json()["written"] is True
