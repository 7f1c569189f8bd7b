"""What AWS would say only at apply, or never: told when specs are checked, at its place, with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.core.diff import is_named
from tests.spec.reading import HEAD, faults, folder, read, refusal

LAYER = "arn:aws:lambda:us-west-2:123456789012:layer:"
QUEUE = "arn:aws:sqs:us-west-2:123456789012:q"


def filtering(pattern: str) -> str:
    return f"event_source_mappings: {{q: {{EventSourceArn: '{QUEUE}', FilterCriteria: {{Filters: [{{Pattern: {pattern}}}]}}}}}}\n"


def only(tmp_path: Path, body: str) -> str:
    (found,) = faults(tmp_path, body)
    return found


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("'{body: x}'", "is not JSON"),
        ("'[1]'", "must be a JSON object"),
        ("'\"x\"'", "must be a JSON object"),
        ("''", "is not JSON"),
        ('\'{"body": "x"}\'', 'has "x" at body; what may match is a list: write ["x"]'),
        ('\'{"body": {"kind": null}}\'', "has null at body.kind"),
        ("'{\"body\": []}'", "empty list at body"),
        ('\'{"body": [["x"]]}\'', "a list within the list at body"),
        ('\'{"body": [{"prefx": "x"}]}\'', "which is no comparison; known are anything-but"),
        ('\'{"body": {"$or": [{"a": "x"}]}}\'', 'has "x" at body.$or.a'),
    ],
)
def test_a_filter_that_is_no_pattern_is_told_at_its_place(pattern: str, words: str, tmp_path: Path) -> None:
    found = only(tmp_path, filtering(pattern))
    assert found.startswith("4:"), found
    assert words in found


@pytest.mark.parametrize(
    "pattern",
    [
        "{}",
        '{"body": {"kind": ["order", null, 3, true, {"prefix": "x"}, {"anything-but": ["y"]}, {"exists": false}]}}',
        '{"data": {"$or": [{"a": [1]}, {"b": [{"numeric": [">", 5]}]}]}}',
        '{"eventName": ["INSERT"]}',
    ],
)
def test_patterns_of_every_form_are_valid(pattern: str, tmp_path: Path) -> None:
    assert faults(tmp_path, filtering(f"'{pattern}'")) == []


def test_layers_are_at_most_five_and_each_once(tmp_path: Path) -> None:
    six = ", ".join(f"'{LAYER}l{number}:1'" for number in range(6))
    assert only(tmp_path, f"configuration: {{Layers: [{six}]}}\n") == (
        "4:17: a function has at most 5 layers, and here are 6"
    )
    twice = only(tmp_path, f"configuration: {{Layers: ['{LAYER}a:1', {{Arn: '{LAYER}b:1'}}, '{LAYER}a:2']}}\n")
    assert f"{LAYER}a is the layer of item 1 already" in twice


@pytest.mark.parametrize("key", ["aws:x", "AWS:x", "Aws:x", "reconcile:x"])
def test_a_tag_of_somebody_elses_is_told_in_any_case_of_letters(key: str, tmp_path: Path) -> None:
    assert "4:8: tags that begin with" in only(tmp_path, f"tags: {{'{key}': x}}\n")
    mapping = f"event_source_mappings: {{q: {{EventSourceArn: '{QUEUE}', Tags: {{'{key}': x}}}}}}\n"
    assert "tags that begin with" in only(tmp_path, mapping)


ELSEWHERE = {
    "a layer": f"configuration: {{Layers: ['{LAYER.replace('us-west-2', 'us-east-1')}a:1']}}\n",
    "a pasted layer": f"configuration: {{Layers: [{{Arn: '{LAYER.replace('us-west-2', 'us-east-1')}a:1'}}]}}\n",
    "a key": "configuration: {KMSKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/x'}\n",
    "a dead letter queue": "configuration: {DeadLetterConfig: {TargetArn: 'arn:aws:sqs:us-east-1:123456789012:q'}}\n",
    "an access point": "configuration: {FileSystemConfigs: [{LocalMountPath: /mnt/x, Arn: 'arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0'}]}\n",
    "a source": "event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-east-1:123456789012:q'}}\n",
    "an image": "configuration: {PackageType: Image, Role: 'arn:aws:iam::123456789012:role/r'}\ncode: {ImageUri: 123456789012.dkr.ecr.us-east-1.amazonaws.com/a:b}\n",
}


@pytest.mark.parametrize("body", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_must_be_of_the_functions_region_is_told(body: str, tmp_path: Path) -> None:
    found = only(tmp_path, body)
    assert "is in us-east-1, and a function in us-west-2 cannot use it" in found
    assert faults(tmp_path, body.replace("us-east-1", "us-west-2")) == []


@pytest.mark.parametrize(
    "arn",
    [
        "configuration: {Role: 'arn:aws-cn:iam::123456789012:role/r'}\n",
        "configuration: {KMSKeyArn: 'arn:aws-us-gov:kms:us-west-2:123456789012:key/x'}\n",
        f"event_source_mappings: {{q: {{EventSourceArn: 'arn:aws:kinesis:us-west-2:123456789012:stream/s', StartingPosition: LATEST, DestinationConfig: {{OnFailure: {{Destination: '{QUEUE.replace('aws', 'aws-cn')}'}}}}}}}}\n",
    ],
)
def test_what_must_be_of_the_regions_partition_is_told(arn: str, tmp_path: Path) -> None:
    assert "and us-west-2 is in aws: write arn:aws:" in only(tmp_path, arn)


def test_every_region_of_a_list_is_checked(tmp_path: Path) -> None:
    head = HEAD.replace("region: us-west-2", "regions: [us-west-2, eu-west-1]")
    (found,) = refusal(tmp_path, a=head + ELSEWHERE["a layer"].replace("us-east-1", "us-west-2"))
    assert "is in us-west-2, and a function in eu-west-1 cannot use it" in found


def test_what_has_no_region_and_what_is_nobodys_setting_is_left_alone(tmp_path: Path) -> None:
    body = (
        "configuration: {Layers: ['arn:aws:lambda:::awslayer:AmazonLinux1703'], Environment: {Variables: {"
        "OTHER: 'arn:aws:sqs:us-east-1:123456789012:q'}}}\ntags: {from: 'arn:aws:sqs:us-east-1:123456789012:q'}\n"
    )
    assert faults(tmp_path, body) == []


def test_code_that_is_not_there_is_told_at_its_line(tmp_path: Path) -> None:
    assert faults(tmp_path, "code: {path: ../src}\n") == [
        "4:14: code.path ../src does not exist; it is relative to this file"
    ]
    assert faults(tmp_path, "state: absent\ncode: {path: ../src}\n") == []
    (tmp_path / "src").mkdir()
    assert faults(tmp_path, "code: {path: ../src}\n") == []


NEVER = {
    "/configuration/Layers/0": "/configuration/Layers is a list, which is one value; write /configuration/Layers",
    "/configuration/Enviroment/Variables/X": "/configuration has no Enviroment; did you mean Environment?",
    "/configuration/environment": "did you mean Environment?",
    "/configuration/Timeout/x": "/configuration/Timeout is a single value and has nothing below it",
    "/configuration/LastModified": "LastModified is AWS's answer",
    "/configuration/*/Sze": "has no Sze",
    "/tags/a/b": "/tags/a is a single value",
    "/code/S3Key": "write /code to leave it to somebody else",
    "/code/path": "write /code to leave it to somebody else",
    "/aliases/live/RoutingConfg": "did you mean RoutingConfig?",
    "/aliases/lvie/Description": "aliases has no lvie; did you mean live?",
    "/event_source_mappings/q/EventSourceArn": "says which mapping it is",
    "/event_source_mappings/qq/BatchSize": "event_source_mappings has no qq",
    "/event_source_mappings/q/FilterCriteria/Filters/0/Pattern": "is a list",
}
OWNED = f"aliases: {{live: {{FunctionVersion: '1'}}}}\nevent_source_mappings: {{q: {{EventSourceArn: '{QUEUE}'}}}}\n"


@pytest.mark.parametrize(("pointer", "words"), NEVER.items())
def test_an_ignored_path_that_can_never_match_is_a_mistake(pointer: str, words: str, tmp_path: Path) -> None:
    found = only(tmp_path, f"ignore: [{pointer}]\n{OWNED}")
    assert found.startswith(f"4:10: {pointer} can never match: ")
    assert words in found


@pytest.mark.parametrize(
    "pointer",
    [
        "/configuration", "/code", "/tags", "/aliases", "/configuration/Environment/Variables/ANY", "/tags/a~1b", "/tags/*",
        "/tags/team-*", "/configuration/*", "/configuration/*/Size", "/aliases/*/Description", "/aliases/theirs",
        "/aliases/pr-*", "/aliases/live/RoutingConfig/AdditionalVersionWeights/2", "/event_source_mappings/q/Enabled",
        "/event_source_mappings/57f12208-03e1-4390-91d9-40d54d6dde8c", "/configuration/LoggingConfig/LogGroup",
        "/code/SourceKMSKeyArn", "/configuration/Layers",
    ],
)  # fmt: skip
def test_an_ignored_path_that_can_match_is_none(pointer: str, tmp_path: Path) -> None:
    assert faults(tmp_path, f"ignore: ['{pointer}']\n{OWNED}") == []


@pytest.mark.parametrize(
    ("step", "key", "is_so"),
    [
        ("*", "", True), ("*", "x", True), ("a*", "abc", True), ("*c", "abc", True), ("a*c", "abc", True),
        ("a*c", "ac", True), ("a*b*c", "a-b-c", True), ("a*b*c", "a-c-b", False), ("ab*b", "ab", False), ("a", "ab", False),
        ("a**b", "ab", True), ("*a*b*a*", "xxaxxbxx", False), ("[a]*", "a", False),
    ],
)  # fmt: skip
def test_a_star_stands_for_any_text_of_a_name(step: str, key: str, is_so: bool) -> None:
    assert is_named(step, key) is is_so


def test_a_hostile_glob_takes_no_time() -> None:
    assert not is_named("*a" * 5_000 + "b", "a" * 20_000)


def test_what_a_glob_names_is_left_alone(tmp_path: Path) -> None:
    from reconciler.kinds.registry import KINDS
    from reconciler.plan.changes import ignored_paths

    folder(tmp_path)
    (spec,) = read(tmp_path, a=HEAD + f"ignore: [/aliases/pr-*, /aliases/li*/Description]\n{OWNED}").specs
    assert ignored_paths(spec, KINDS["alias"], "pr-7") == ((),)
    assert ignored_paths(spec, KINDS["alias"], "live") == (("Description",),)
