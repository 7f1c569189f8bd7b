"""Each rule over files alone, by its id: something that breaks it, and a message that ends with that very id."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.core.errors import SpecError
from reconciler.spec.config import config_of, find_config
from reconciler.spec.load import load
from tests.citing import cited
from tests.manual.rulebook import rules
from tests.spec.reading import HEAD, read
from tests.spec.test_rules import REFUSED

# Id -> the case of the table of rules that breaks it.
OF_RULES = {
    "R014": "region and regions",
    "R016": "a filter in a reference",
    "R017": "a reference in a tag",
    "R018": "a pointer to nowhere",
    "R019": "a path that can never match",
    "R020": "a mapping's tag of AWS",
    "R030": "two sources",
    "R031": "a zip without a handler",
    "R040": "too much memory",
    "R041": "a reserved variable",
    "R042": "a log level in a text log",
    "R043": "subnets without groups",
    "R044": "six layers",
    "R050": "two weights",
    "R051": "a version in use deleted",
    "R336": "versions that are kept by nothing",
    "R320": "a rollout on $LATEST",
    "R321": "weights beside a rollout",
    "R322": "weights that fall",
    "R323": "half a percent",
    "R324": "a Description without room",
    "R325": "a forged marker",
    "R327": "errors of nothing",
    "R328": "a deadline before its time",
    "R060": "a bucket as a source",
    "R061": "Kinesis without a start",
    "R062": "a moment without an offset",
    "R063": "a large batch in order",
    "R064": "an alias that is not declared",
    "R065": "a source twice",
    "R066": "a filter that is no JSON",
    "R067": "a URL beside tenants",
    "R085": "a policy in two spellings",
    "R086": "a Sid twice in a policy",
    "R087": "a statement for nobody",
    "R088": "a condition's key in two cases",
    "R089": "a statement of a whole policy left to others",
    "R073": "something kept started beside tenants",
    "R074": "a version that is kept started twice",
    "R075": "an alias on $LATEST that is kept started",
    "R076": "more kept started than reserved",
    "R077": "bounds turned round",
    "R078": "a scheduled action that sets nothing",
    "R080": "an asynchronous configuration of nothing",
    "R081": "a FIFO queue for events",
    "R082": "events for the function itself",
    "R071": "who comes by a URL, of another action",
    "R072": "a policy without room",
    "R084": "a signed image",
    "R083": "a runtime's version that is not pinned",
}
SHARED = "layer: shared\naccount: test\nregion: us-west-2\n"
EVENT = "aliases: {{live: {{FunctionVersion: '1', rollout: {{steps: all-at-once, smoke: [{{event: {}}}]}}}}}}\n"
# Id -> the files of a tree that break it.
OF_FILES = {
    "R092": {
        "a": HEAD + "log_group: {}\n" + (shared := "configuration: {LoggingConfig: {LogGroup: /a}}\n"),
        "b": HEAD.replace("checkout", "till") + shared + "log_group: {retention_days: 7}\n",
    },
    "R091": {"a": SHARED},
    "R093": {"a": HEAD + "configuration: {Layers: [\"{{ layer('nowhere') }}\"]}\n"},
    "R094": {"a": HEAD + "layer: shared\n"},
    "R095": {
        "a": SHARED + "code: {S3Bucket: bucket, S3Key: k}\n",
        "b": HEAD + "configuration: {Layers: [\"{{ layer('shared') }}\", \"{{ layer('shared', 2) }}\"]}\n",
    },
    "R022": {"a": HEAD + "extends: d.yaml\n"},
    "R023": {"a": HEAD + "extends: d.yaml\n", "d": "defaults: d\nextends: d.yaml\n"},
    "R024": {"a": HEAD + "variants: {}\n"},
    "R028": {"a": HEAD + "extends: d.yaml\ntags: null\n", "d": "defaults: d\n"},
    "R090": {"a": HEAD + "by_region: {eu-west-1: {tags: {a: b}}}\n"},
    "R001": {"a": HEAD + "publish: 3\n"},
    "R002": {"a": HEAD + "tags: {a: b, a: c}\n"},
    "R010": {"a": HEAD.replace("test", "tset")},
    "R011": {"a": HEAD.replace("us-west-2", "us-east-1")},
    "R012": {"a": HEAD, "b": HEAD},
    "R013": {"a": HEAD, "b": HEAD.replace("checkout", "till") + "was: checkout\n"},
    "R015": {"a": HEAD + "configuration: {KMSKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/k'}\n"},
    "R032": {"a": HEAD + "code: {path: not-there}\n"},
    "R033": {"a": HEAD + "code: {path: ../../../..}\n"},
    "R326": {"a": HEAD + EVENT.format("e.yaml, expect: {/a: {matches: '('}}"), "e": "{}"},
    "R329": {"a": HEAD + EVENT.format("gone.json")},
    "R330": {"a": HEAD + EVENT.format("../../../../e.json")},
}
FROZEN = "aws: {{accounts: [{{name: a}}]}}\nfreezes: [{}]\n"
WEEKEND = "{name: f, weekly: fri 16:00 - mon 08:00, timezone: UTC}"
OF_CONFIGURATIONS = {
    "R025": "aws: {accounts: [{name: a}, {name: a}]}\n",
    "R027": "aws: {accounts: [{name: a}]}\nprune: true\n",
    "R291": "aws: {accounts: [{name: a}]}\nartifacts: 's3://b-{{ account.id }}/p'\n",
    "R026": "aws: {accounts: [{name: a, assumeRole: role/r}]}\n",
    "R353": FROZEN.format(", ".join([WEEKEND] * 2)),
    "R354": FROZEN.format("{name: f, timezone: UTC}"),
    "R355": FROZEN.format(WEEKEND.replace("UTC", "Middle-earth/Shire")),
}
WARNED = {
    "W001": {"a": HEAD, "b": "swagger: 2\n"},
    "W002": {"a": HEAD + "configuration: {CodeSize: 3}\n"},
    "W007": {"a": HEAD, "d": "defaults: d\n"},
    "W241": {"a": HEAD + "aliases: {live: {FunctionVersion: '1', rollout: LambdaCanary10Percent5Minutes}}\n"},
    "W005": {"a": HEAD + "aliases: {live: {FunctionVersion: published}}\n"},
    "W006": {"a": HEAD + "configuration: {Role: 'arn:aws:iam::210987654321:role/r'}\n"},
}
# below, in test_lookups, in test_runtimes, and of workflows in tests/github
ELSEWHERE = {"R003", "R004", "R021", "R068", "R069", "W003", "W004"}


def ids(root: Path, files: dict[str, str]) -> set[str]:
    with pytest.raises(SpecError) as caught:
        read(root, **files)
    return {cited(line) for line in str(caught.value).splitlines()}


@pytest.mark.parametrize("rule", OF_RULES)
def test_a_spec_that_breaks_a_rule_cites_it(rule: str, tmp_path: Path) -> None:
    assert ids(tmp_path, {"a": HEAD + REFUSED[OF_RULES[rule]][0]}) == {rule}


@pytest.mark.parametrize("rule", OF_FILES)
def test_files_that_break_a_rule_cite_it(rule: str, tmp_path: Path) -> None:
    assert ids(tmp_path, OF_FILES[rule]) == {rule}


@pytest.mark.parametrize("rule", OF_CONFIGURATIONS)
def test_a_configuration_that_breaks_a_rule_cites_it(rule: str) -> None:
    with pytest.raises(SpecError) as caught:
        config_of(OF_CONFIGURATIONS[rule].encode(), "reconcile.yaml")
    assert {cited(fault.message) for fault in caught.value.faults} == {rule}


@pytest.mark.parametrize("rule", WARNED)
def test_what_only_looks_like_a_mistake_cites_its_rule(rule: str, tmp_path: Path) -> None:
    notes = read(tmp_path, **WARNED[rule]).warnings
    assert {(cited(note.message), note.rule) for note in notes} == {(rule, rule)}


def test_what_is_no_spec_and_where_no_configuration_is_cites_a_rule(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"does not exist.* \(R003\)$"):
        load([tmp_path / "gone"], None)
    with pytest.raises(SpecError, match=r"reconcile.yaml.* is missing; .* \(R004\)$"):
        find_config([tmp_path])


def test_every_rule_over_files_is_broken_here() -> None:
    here = {*OF_RULES, *OF_FILES, *OF_CONFIGURATIONS, *WARNED, *ELSEWHERE}
    assert {rule.id for rule in rules() if rule.id[1] == "0"} - here == set()
    assert here - {rule.id for rule in rules()} == set()
