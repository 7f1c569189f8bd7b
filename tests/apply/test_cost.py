"""What a plan says that an apply costs comes true: all calls that the sandbox is asked, where none has to wait for AWS."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from reconciler.apply.cost import costs
from reconciler.aws import pace
from reconciler.report.schemas import PLAN
from tests.apply.houses import MANAGED
from tests.commands.test_targets import TWO, spec
from tests.conftest import House, function_spec
from tests.plan import scenario
from tests.snapshot.test_budget import LAYERS, ONE_EACH, SECTIONS, together

EMPTY = (
    "{aliases: {}, permissions: {}, urls: {}, event_invoke: {}, provisioned_concurrency: {}, event_source_mappings: {}}"
)
PLACE = "test/us-west-2"


def assert_is_said(house: House) -> None:
    """By the plan before, to two calls or a fifth: how many a listing shows at once depends on which are done together."""
    (said,) = house.plan()["costs"]
    house.sandbox.requests.clear()
    house.apply()
    assert said["changes"] == len(house.sandbox.writes)
    assert said["changes"] + said["looks"] == pytest.approx(len(house.sandbox.requests), abs=2, rel=0.2)


@pytest.mark.parametrize("kind", [*SECTIONS, *LAYERS])
def test_what_a_section_costs_is_said(house: House, kind: str) -> None:
    house.write("one.yaml", function_spec("one", extra="publish: true\n", configuration=MANAGED))
    house.apply()
    if kind in SECTIONS:
        extra = "publish: true\n" + SECTIONS[kind][0].replace("publish: true", "")
        house.write("one.yaml", function_spec("one", extra=extra, configuration=f"{MANAGED}\nTimeout: 9"))
    else:
        head = "layer: shared\naccount: test\nregion: us-west-2\ncode: {S3Bucket: artifacts, S3Key: l.zip}\n"
        house.write("shared.yaml", head + LAYERS[kind][0])
    assert_is_said(house)


def test_what_a_function_with_all_that_there_is_costs_is_said_from_its_making_to_its_end(house: House) -> None:
    left = function_spec("one", extra=EMPTY[1:-1].replace("}, ", "}\n") + "\n", configuration=MANAGED)
    gone = "function: one\naccount: test\nregion: us-west-2\nstate: absent\n"
    for text in (together(), together().replace("retention_days: 7", "retention_days: 14"), left, gone):
        house.write("one.yaml", text)
        assert_is_said(house)


def test_what_a_fleet_costs_is_said(house: House) -> None:
    """How many of them a listing shows at once depends on which are done together."""
    for memory in (128, 256):
        for number in range(25):
            name = f"f{number}"
            spec = function_spec(name, extra=ONE_EACH.format(name=name), configuration=f"MemorySize: {memory}")
            house.write(f"{name}.yaml", spec, stock=number == 24)
        assert_is_said(house)


def test_every_plan_that_there_is_has_costs() -> None:
    for name in scenario.names():
        if (plan := scenario.outcome(name).plan) is None:
            continue
        counted = costs(plan.unrefused, {}, pace.LAMBDA)
        operations = sum(len(planned.operations) for planned in plan.unrefused)
        assert sum(cost.changes for cost in counted) == operations, name


@pytest.mark.parametrize(
    ("name", "is_at_least"),
    [
        ("an_image_is_sent_by_the_digest_that_its_tag_stood_for", True),
        ("a_new_function_on_managed_instances_gets_the_scale_of_its_first_version", True),
        ("a_package_that_is_too_large_for_a_request_goes_through_a_bucket", True),
        ("an_orphan_is_pruned_with_its_mappings", False),
    ],
)
def test_of_what_takes_nobody_knows_how_long_a_least_is_told(name: str, is_at_least: bool) -> None:
    plan = scenario.outcome(name).plan
    assert plan
    (cost,) = costs(plan.unrefused, {}, pace.LAMBDA)
    assert cost.is_at_least == is_at_least


VPC = "VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}"


@pytest.mark.parametrize(
    ("rate", "configuration", "told"),
    [
        ("", "", "12 AWS calls and about 23 looks, about 8 s."),
        ("1", "", "12 AWS calls and about 23 looks, about 22 s."),
        ("0", "", "12 AWS calls and about 23 looks, about 8 s."),
        ("", VPC, "12 AWS calls and about 23 looks, at least 8 s."),
    ],
)
def test_time_is_what_quotas_and_usual_waits_make_it(
    house: House, monkeypatch: pytest.MonkeyPatch, rate: str, configuration: str, told: str
) -> None:
    for number in range(4):
        name = f"f{number}"
        house.write(f"{name}.yaml", function_spec(name, extra=ONE_EACH.format(name=name), configuration=configuration))
    monkeypatch.setenv("RECONCILE_CALLS_PER_SECOND", rate)
    assert house.run("plan").out.splitlines()[-1].endswith(told)


def test_accounts_and_regions_are_told_apart_where_there_are_several(house: House) -> None:
    house.write("reconcile.yaml", TWO, stock=False)
    house.write("both.yaml", spec("both", "us-west-2", "eu-west-1"))
    house.write("one.yaml", spec("one", "us-west-2"))
    plan = house.plan()
    Draft202012Validator(PLAN).validate(plan)
    assert [(cost["region"], cost["changes"]) for cost in plan["costs"]] == [("eu-west-1", 1), ("us-west-2", 2)]
    assert house.run("plan").out.splitlines()[-3:] == [
        "Plan: 3 to create; 0 unchanged. 3 AWS calls and about 13 looks, about 2 s.",
        "  test/eu-west-1: 1 call and about 5 looks, about 2 s",
        "  test/us-west-2: 2 calls and about 8 looks, about 2 s",
    ]
    page = house.run("plan", "--format", "markdown").out.splitlines()
    assert page[-3].startswith("<sub>test/eu-west-1: 1 call and about 5 looks, about 2 s · test/us-west-2: 2 calls")
    assert page[-1].startswith("<sub>3 AWS calls and about 13 looks, about 2 s · 0 resources unchanged · plan ")
