"""AWS calls, counted at the sandbox: a plan reads no more than it must."""

from __future__ import annotations

from collections import Counter

from tests.conftest import House, function_spec

ONE_EACH = """publish: true
aliases:
  live: {{FunctionVersion: published}}
event_source_mappings:
  orders:
    EventSourceArn: arn:aws:sqs:us-west-2:123456789012:{name}
    alias: live
"""


def counted(house: House) -> Counter[str]:
    house.sandbox.requests.clear()
    assert house.verbs() == {}
    return Counter(request.operation for request in house.sandbox.requests)


def test_a_noop_plan_of_functions_with_alias_and_mapping_reads_one_function_and_one_alias_list_each(
    house: House,
) -> None:
    count = 27
    for number in range(count):
        name = f"f{number:03}"
        house.write(f"{name}.yaml", function_spec(name, extra=ONE_EACH.format(name=name)), stock=False)
    house.write("z.yaml", function_spec("z"))
    house.remove("z.yaml")
    house.apply()
    calls = counted(house)
    assert calls == {"GetFunction": count, "ListAliases": count, "ListFunctions": 2, "ListEventSourceMappings": 1}


def test_a_noop_plan_without_aliases_lists_no_alias(house: House) -> None:
    for number in range(5):
        house.write(f"f{number}.yaml", function_spec(f"f{number}"))
    house.apply()
    assert counted(house) == {"GetFunction": 5}


def test_in_an_account_that_is_not_ours_alone_versions_are_asked_for_one_by_one(house: House) -> None:
    house.write("ours.yaml", function_spec("ours", extra="publish: true\n"))
    house.apply()
    for number in range(120):
        house.lambda_.create_function(
            FunctionName=f"a{number:03}", Runtime="python3.13", Handler="lambda_function.lambda_handler",
            Role="arn:aws:iam::123456789012:role/lambda", Code={"S3Bucket": "artifacts", "S3Key": "v1.zip"},
        )  # fmt: skip
    calls = counted(house)
    assert calls["ListVersionsByFunction"] == 1
    assert calls["ListFunctions"] == 2
