"""What the schema finds, told so that a person can act on it: the place, what is wrong, what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.files import validation
from reconciler.rollout.steps import PRESETS
from tests.spec.reading import faults, refusal

ROLE = "Role: arn:aws:iam::123456789012:role/r"

CASES: dict[str, tuple[str, list[str]]] = {
    "a slip of the pen": (
        f"configuration:\n  {ROLE}\n  Timout: 3\n",
        ["6:3: configuration.Timout is not a Lambda setting; did you mean Timeout?"],
    ),
    "the wrong capitals": (
        "configuration: {memorysize: 3}\n",
        ["4:17: configuration.memorysize is not a Lambda setting; did you mean MemorySize?"],
    ),
    "the seed's word for memory": (
        "configuration: {memory: 3}\n",
        ["4:17: configuration.memory is not a Lambda setting; did you mean MemorySize?"],
    ),
    "a key of another section": (
        "configuration: {S3Bucket: x, BatchSize: 3}\n",
        [
            "4:17: configuration.S3Bucket is not a Lambda setting; it belongs under `code`",
            "4:30: configuration.BatchSize is not a Lambda setting; it belongs under `event_source_mappings.NAME`",
        ],
    ),
    "a setting at the top": (
        "Timeout: 3\nhandler: x\ns3bucket: b\n",
        [
            "4:1: Timeout is not a key of a spec; it belongs under `configuration`",
            "5:1: handler is not a key of a spec; write configuration.Handler",
            "6:1: s3bucket is not a key of a spec; write code.S3Bucket",
        ],
    ),
    "a member that has its place elsewhere": (
        "configuration: {Tags: {}}\n",
        ["4:17: configuration.Tags is not written here: the section `tags`"],
    ),
    "an unknown key deep inside": (
        "event_source_mappings:\n  q:\n    EventSourceArn: arn:aws:sqs:us-west-2:123456789012:q\n"
        "    FilterCriteria: {Filters: [{Patern: x}]}\n",
        [
            "7:33: event_source_mappings.q.FilterCriteria.Filters[0].Patern is not a Lambda setting; did you mean Pattern?"
        ],
    ),
    "a value that is not allowed": (
        "configuration: {TracingConfig: {Mode: Activ}}\n",
        ['4:39: configuration.TracingConfig.Mode is "Activ"; allowed are Active, PassThrough; did you mean Active?'],
    ),
    "a text that is no runtime": (
        "configuration: {Runtime: Python3.13}\n",
        [
            '4:26: configuration.Runtime is "Python3.13"; it must be a runtime\'s identifier, as in python3.13; did you mean python3.13?'
        ],
    ),
    "nothing where a choice is": (
        "configuration: {SnapStart: {ApplyOn: null}}\n",
        ["4:38: configuration.SnapStart.ApplyOn is null; allowed are PublishedVersions, None; did you mean None?"],
    ),
    "a version without quotes": (
        "aliases: {live: {FunctionVersion: 1}}\n",
        ['4:35: aliases.live.FunctionVersion must be a string: write "1"'],
    ),
    "a weight in quotes": (
        'aliases: {live: {FunctionVersion: "1", RoutingConfig: {AdditionalVersionWeights: {"2": "0.25"}}}}\n',
        ["4:88: aliases.live.RoutingConfig.AdditionalVersionWeights.2 must be a number: write 0.25 without quotes"],
    ),
    "a weight above one": (
        'aliases: {live: {FunctionVersion: "1", RoutingConfig: {AdditionalVersionWeights: {"2": 1.5}}}}\n',
        ["4:88: aliases.live.RoutingConfig.AdditionalVersionWeights.2 is 1.5; the most is 1.0"],
    ),
    "a weight on $LATEST": (
        'aliases: {live: {FunctionVersion: "1", RoutingConfig: {AdditionalVersionWeights: {$LATEST: 0.5}}}}\n',
        [
            '4:83: "$LATEST" is no name for a key under aliases.live.RoutingConfig.AdditionalVersionWeights; '
            "it must be a version's number or published; $LATEST takes no weight"
        ],
    ),
    "version zero": (
        'aliases: {live: {FunctionVersion: "0"}}\n',
        ['4:35: aliases.live.FunctionVersion is "0"; it must be a version\'s number as text, $LATEST, or published'],
    ),
    "a fraction where a whole number is meant": (
        "configuration: {Timeout: 60.0, MemorySize: 512.5}\n",
        [
            "4:26: configuration.Timeout must be a whole number: write 60",
            "4:44: configuration.MemorySize must be a whole number, not 512.5",
        ],
    ),
    "a number in quotes": (
        'configuration: {Timeout: "60"}\n',
        ["4:26: configuration.Timeout must be a whole number: write 60 without quotes"],
    ),
    "YAML 1.1's yes": (
        "publish: yes\n",
        ['4:10: publish must be true or false, not "yes": write true'],
    ),
    "out of range": (
        "configuration: {MemorySize: 64}\n",
        ["4:29: configuration.MemorySize is 64; the least is 128"],
    ),
    "an environment value that is a number": (
        "configuration: {Environment: {Variables: {PIN: 4711}}}\n",
        ["4:48: configuration.Environment.Variables.PIN must be a string: put the value in quotes"],
    ),
    "a bad variable name": (
        "configuration: {Environment: {Variables: {1ST: x}}}\n",
        [
            "4:43: a name under configuration.Environment.Variables must be letters, digits and _, two at least, the first a letter"
        ],
    ),
    "the seed's list of tags": (
        "tags:\n  - key1: value1\n  - key2: value2\n",
        ['5:3: tags must be a map, not a list of maps: write {key1: "value1", key2: "value2"}'],
    ),
    "AWS's list of tags": (
        "tags:\n  - {Key: team, Value: shop}\n  - {Value: eu, Key: place}\n",
        ['5:3: tags must be a map, not a list of maps: write {team: "shop", place: "eu"}'],
    ),
    "a list of what has names": (
        "event_source_mappings:\n  - {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'}\n  - {EventSourceArn: b, alias: live}\n",
        ["5:3: event_source_mappings must be a map, not a list"],
    ),
    "an architecture by its other name": (
        "configuration: {Architectures: [amd64]}\n",
        ['4:33: configuration.Architectures[0] is "amd64"; allowed are x86_64, arm64; did you mean x86_64?'],
    ),
    "a section left empty": (
        "configuration:\n",
        [
            "4:15: configuration must be a map, and is empty: write {} for none, or take configuration out to leave it alone"
        ],
    ),
    "an entry left empty": (
        "urls: {live: }\n",
        ["4:14: urls.live must be a map, and is empty"],
    ),
    "a word of ours that there is not": (
        "log_group: {days: 3}\n",
        ["4:13: log_group.days is not known; known are class, kms_key, retention_days"],
    ),
    "a choice in other letters": (
        "urls: {live: {AuthType: none, InvokeMode: stream}}\n",
        [
            '4:25: urls.live.AuthType is "none"; allowed are NONE, AWS_IAM; did you mean NONE?',
            '4:43: urls.live.InvokeMode is "stream"; allowed are BUFFERED, RESPONSE_STREAM; did you mean RESPONSE_STREAM?',
        ],
    ),
    "words of a rollout that are nearly right": (
        "aliases: {a: {FunctionVersion: Publishd, rollout: ALLATONCE},\n  b: {FunctionVersion: latest, rollout: {steps: [{weight: 0.1, bake: 1h}, aproval], unsure: holdd}}}\n",
        [
            '4:32: aliases.a.FunctionVersion is "Publishd"; it must be a version\'s number as text, $LATEST, or published; did you mean published?',
            f'4:51: aliases.a.rollout is "ALLATONCE"; it must be a map that has steps, or one of {", ".join(PRESETS)}; did you mean all-at-once?',
            '5:24: aliases.b.FunctionVersion is "latest"; it must be a version\'s number as text, $LATEST, or published; did you mean $LATEST?',
            '5:75: aliases.b.rollout.steps[1] is "aproval"; it must be approve, or {weight: 0.05, bake: 10m}; did you mean approve?',
            '5:93: aliases.b.rollout.unsure is "holdd"; allowed are hold, go, back; did you mean hold?',
        ],
    ),
    "a number of those allowed, as text": (
        'log_group: {retention_days: "14"}\n',
        ["4:29: log_group.retention_days must be a whole number: write 14 without quotes"],
    ),
    "a word where only some numbers are allowed": (
        "log_group: {retention_days: forever}\n",
        [
            '4:29: log_group.retention_days is "forever"; allowed are 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653'
        ],
    ),
    "a blank alias name": (
        'aliases: {" ": {FunctionVersion: "1"}, "": {FunctionVersion: "1"}}\n',
        ["4:11: a name under aliases is blank; give it one", "4:40: a name under aliases is blank; give it one"],
    ),
    "an alias of digits": (
        'aliases: {"2024": {FunctionVersion: "1"}}\n',
        ['4:11: an alias may not be called "2024": all digits is a version\'s number'],
    ),
    "an alias with a slash": (
        "aliases: {a/b: {FunctionVersion: $LATEST}}\n",
        ['4:11: "a/b" is no name for a key under aliases; it must be letters, digits, - and _'],
    ),
    "an alias name too long": (
        f"aliases: {{{'a' * 129}: {{FunctionVersion: $LATEST}}}}\n",
        [f'4:11: the name "{"a" * 129}" under aliases is longer than 128'],
    ),
    "a missing member": (
        "aliases:\n  live: {Description: x}\n",
        ["5:3: aliases.live needs FunctionVersion"],
    ),
    "a blank qualifier": (
        "event_source_mappings:\n  q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q', alias: ' '}\n",
        [
            "5:70: event_source_mappings.q.alias is \" \"; it must be an alias's name, a version's number or $LATEST; "
            "leave it out for the function itself"
        ],
    ),
    "a version with something to say": (
        'versions: {"3": {state: present}}\n',
        ['4:25: versions.3.state is "present"; allowed are absent; did you mean absent?'],
    ),
    "one version that is kept": (
        "versions: {retain: {newest: 1}}\n",
        ["4:29: versions.retain.newest is 1; the least is 2"],
    ),
    "a retention in words": (
        "versions: {retain: {newest: ten, day: 3}}\n",
        [
            '4:29: versions.retain.newest must be a whole number, not "ten"',
            "4:34: versions.retain.day is not known; did you mean days?",
        ],
    ),
    "an unknown state": (
        "state: gone\n",
        ['4:8: state is "gone"; allowed are present, absent'],
    ),
    "a role that is none": (
        "configuration: {Role: lambda}\n",
        ['4:23: configuration.Role is "lambda"; it must be a role\'s ARN, arn:aws:iam::ACCOUNT:role/NAME'],
    ),
    "a pointer that is none": (
        "ignore: [configuration/Timeout]\n",
        ['4:10: ignore[0] is "configuration/Timeout"; it must be a JSON Pointer, /configuration/…'],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_schema_error_says_where_what_and_what_instead(case: str, tmp_path: Path) -> None:
    body, messages = CASES[case]
    assert faults(tmp_path, body) == messages


def test_a_name_ends_where_it_ends(tmp_path: Path) -> None:
    """Python's `$` would let a last line feed through."""
    assert refusal(tmp_path, a='function: "checkout\\n"\naccount: test\nregion: us-west-2\n') == [
        'specs/a.yaml:1:11: function is "checkout\\n"; it must be letters, digits, - and _'
    ]


def test_a_long_name_is_refused_without_being_matched(tmp_path: Path) -> None:
    message = faults(tmp_path, f"event_source_mappings: {{q: {{SelfManagedEventSource: {{Endpoints: {{KAFKA_BOOTSTRAP_SERVERS: ['{'a-' * 50_000}']}}}}, Topics: [orders], StartingPosition: LATEST}}}}\n")  # fmt: skip
    assert [line.split("; ")[-1] for line in message] == ["the most is 300"]


SEED = """\
application: checkout
credentials: test
region: us-west-2
stack: main
memory: 512
majorfunctionversion: "3"
eventsourcearn: x
aliasname: live
"""


def test_the_seeds_request_is_translated_word_by_word(tmp_path: Path) -> None:
    assert refusal(tmp_path, a=SEED) == [
        "specs/a.yaml:1:1: a spec needs function",
        "specs/a.yaml:1:1: application is not a key of a spec; write function",
        "specs/a.yaml:2:1: credentials is not a key of a spec; write account",
        "specs/a.yaml:4:1: stack is not a key of a spec",
        "specs/a.yaml:5:1: memory is not a key of a spec; write configuration.MemorySize",
        "specs/a.yaml:6:1: majorfunctionversion is not a key of a spec; write aliases.NAME.FunctionVersion",
        "specs/a.yaml:7:1: eventsourcearn is not a key of a spec; write event_source_mappings.LABEL.EventSourceArn",
        "specs/a.yaml:8:1: aliasname is not a key of a spec; write a key under `aliases`",
    ]


TWELVE = {
    "a": "function: a\naccount: test\nregion: us-west-2\nTags: {}\nconfiguration: {Timout: 3, MemorySize: 1}\n",
    "b": "function: b\naccount: tset\nregion: us-west-2\nregion: eu-west-1\ntags: {a: !x y, b: 010}\n",
    "sub__c": "account: tset\nregion: us-east-1\ncode: {S3Key: x, path: y}\npublish: on\n"
    'aliases: {live: {FunctionVersion: 1, RoutingConfig: {AdditionalVersionWeights: {"2": 2}}}}\n'
    "tags: [{a: b}]\n",
}


def test_twelve_mistakes_in_three_files_are_told_at_once_and_in_order(tmp_path: Path) -> None:
    lines = refusal(tmp_path, **TWELVE)
    assert [line.split(": ")[0] for line in lines] == [
        *("specs/a.yaml:4:1", "specs/a.yaml:5:17", "specs/a.yaml:5:40"),
        *("specs/b.yaml:4:1", "specs/b.yaml:5:11", "specs/b.yaml:5:20"),
        *("specs/sub/c.yaml:1:1", "specs/sub/c.yaml:3:1", "specs/sub/c.yaml:4:10"),
        *("specs/sub/c.yaml:5:35", "specs/sub/c.yaml:5:86", "specs/sub/c.yaml:6:7"),
    ]


SECRET_PLACES = {
    "a list of pairs for the variables": "configuration: {Environment: {Variables: [{KEY: hunter2}]}}",
    "a text for the variables": "configuration: {Environment: {Variables: hunter2}}",
    "a text for the environment": "configuration: {Environment: hunter2}",
    "a list for the environment": "configuration: {Environment: [hunter2]}",
    "a list for the configuration": "configuration: [{Environment: hunter2}]",
    "a map for a value": "configuration: {Environment: {Variables: {KEY: {inner: hunter2}}}}",
    "a misspelt environment": "configuration: {Enviroment: {Variables: {KEY: hunter2}}}",
    "variables one level too high": "configuration: {Environment: {KEY: hunter2}}",
    "the environment at the top": "Environment: {Variables: {KEY: hunter2}}",
    "too large an environment": f"configuration: {{Environment: {{Variables: {{KEY: hunter2{'x' * 5000}}}}}}}",
    "a reserved name": "configuration: {Environment: {Variables: {AWS_REGION: hunter2}}}",
    "a broken line": "configuration: {Environment: {Variables: {KEY: hunter2",
    "a duplicate": "configuration: {Environment: {Variables: {KEY: hunter2, KEY: hunter2}}}",
}


@pytest.mark.parametrize("case", SECRET_PLACES)
def test_an_environment_value_is_in_no_message(case: str, tmp_path: Path) -> None:
    lines = faults(tmp_path, SECRET_PLACES[case] + "\n")
    assert lines
    assert "hunter2" not in "\n".join(lines)


@pytest.mark.parametrize("kind", ["function", "config", "plan", "snapshot", "report", "error"])
def test_every_schema_can_be_had_and_finds_what_is_wrong(kind: str) -> None:
    assert validation.findings([], kind) == [("", "the document must be a map, not a list", False)]


def test_a_spec_that_is_no_map_is_told_so(tmp_path: Path) -> None:
    assert refusal(tmp_path, a="- function: x\n") == ["specs/a.yaml:1:1: the document must be a map, not a list"]
