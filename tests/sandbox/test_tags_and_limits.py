"""FACTS 1.2, 2.10 and 3: tags, reserved concurrency, function URLs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import ACCOUNT, REGION, Aws, refused, zipped

INVALID = "InvalidParameterValueException"


def arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


# --- tags ----------------------------------------------------------------------------------------------------------


def test_tags_are_set_merged_and_removed(aws: Aws) -> None:
    name = aws.function(Tags={"a": "1"})
    aws.client.tag_resource(Resource=arn(name), Tags={"b": "2", "a": "3"})
    assert aws.client.list_tags(Resource=arn(name))["Tags"] == {"a": "3", "b": "2"}
    aws.client.untag_resource(Resource=arn(name), TagKeys=["a", "never there"])
    assert aws.client.get_function(FunctionName=name)["Tags"] == {"b": "2"}
    aws.client.untag_resource(Resource=arn(name), TagKeys=["b"])
    assert "Tags" not in aws.client.get_function(FunctionName=name)


def test_a_mapping_has_tags(aws: Aws) -> None:
    mapping = aws.map(aws.function(), Tags={"a": "1"})["EventSourceMappingArn"]
    aws.client.tag_resource(Resource=mapping, Tags={"b": "2"})
    assert aws.client.list_tags(Resource=mapping)["Tags"] == {"a": "1", "b": "2"}


@pytest.mark.parametrize("end", ["1", "live", "$LATEST"])
def test_a_version_or_alias_has_none(aws: Aws, end: str) -> None:
    name = aws.published()
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    with refused(INVALID, "Tags on function aliases and versions are not supported"):
        aws.client.tag_resource(Resource=f"{arn(name)}:{end}", Tags={"a": "1"})


def test_there_are_at_most_50(aws: Aws) -> None:
    name = aws.function(Tags={f"k{number}": "v" for number in range(50)})
    aws.client.tag_resource(Resource=arn(name), Tags={"k1": "w"})
    with refused(INVALID, "Number of tags exceeds resource tag limit."):
        aws.client.tag_resource(Resource=arn(name), Tags={"more": "v"})


def test_no_tags_at_all_are_refused(aws: Aws) -> None:
    with refused(INVALID, "An error occurred and the request cannot be processed.", 400):
        aws.client.tag_resource(Resource=arn(aws.function()), Tags={})


def test_a_mappings_tags_have_the_same_limits(aws: Aws) -> None:
    mapping = aws.map(aws.function(), Tags={f"k{number}": "v" for number in range(50)})["EventSourceMappingArn"]
    with refused(INVALID, "Number of tags exceeds resource tag limit."):
        aws.client.tag_resource(Resource=mapping, Tags={"more": "v"})
    with refused(INVALID, "reserved"):
        aws.client.untag_resource(Resource=mapping, TagKeys=["aws:x"])


def test_awss_own_are_protected(aws: Aws) -> None:
    name = aws.function()
    with refused(INVALID, "reserved"):
        aws.client.tag_resource(Resource=arn(name), Tags={"aws:cloudformation:stack-name": "x"})
    with refused(INVALID, "reserved"):
        aws.client.untag_resource(Resource=arn(name), TagKeys=["aws:cloudformation:stack-name"])


@pytest.mark.parametrize("resource", ["function:nowhere", "event-source-mapping:00000000-0000-0000-0000-000000000000"])
def test_tags_of_what_is_not_there_are_not_found(aws: Aws, resource: str) -> None:
    with refused("ResourceNotFoundException", status=404):
        aws.client.list_tags(Resource=f"arn:aws:lambda:{REGION}:{ACCOUNT}:{resource}")


def test_the_tagging_api_finds_functions_by_tag_in_pages(aws: Aws) -> None:
    names = sorted(aws.function(Tags={"squad": "blue", "n": str(number)}) for number in range(5))
    aws.function(Tags={"squad": "red"})
    aws.function()
    tagging = aws.sandbox.clients.get("resourcegroupstaggingapi", ACCOUNT, REGION)
    pages = list(
        tagging.get_paginator("get_resources").paginate(
            ResourceTypeFilters=["lambda:function"],
            TagFilters=[{"Key": "squad", "Values": ["blue"]}],
            ResourcesPerPage=2,
        )
    )
    assert [len(page["ResourceTagMappingList"]) for page in pages] == [2, 2, 1]
    found = [one["ResourceARN"] for page in pages for one in page["ResourceTagMappingList"]]
    assert sorted(found) == sorted(map(arn, names))


def test_the_tagging_api_leaves_other_services_to_moto(aws: Aws) -> None:
    aws.sandbox.clients.get("sqs", ACCOUNT, REGION).create_queue(QueueName="tagged", tags={"squad": "blue"})
    tagging = aws.sandbox.clients.get("resourcegroupstaggingapi", ACCOUNT, REGION)
    found = tagging.get_resources(ResourceTypeFilters=["sqs"])["ResourceTagMappingList"]
    assert [one["ResourceARN"] for one in found] == [f"arn:aws:sqs:{REGION}:{ACCOUNT}:tagged"]


def tagging(aws: Aws) -> Any:
    return aws.sandbox.clients.get("resourcegroupstaggingapi", ACCOUNT, REGION)


def test_a_question_about_all_is_answered_by_lambda_and_by_the_others(aws: Aws) -> None:
    aws.sandbox.clients.get("sqs", ACCOUNT, REGION).create_queue(QueueName="of-all", tags={"of": "all"})
    name = aws.function(Tags={"of": "all"})
    wanted = {"TagFilters": [{"Key": "of", "Values": ["all"]}]}
    both = [f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:of-all"]
    for question in ({}, {"ResourceTypeFilters": ["sqs", "lambda:function"]}):
        found = tagging(aws).get_resources(**wanted, **question)["ResourceTagMappingList"]
        assert [one["ResourceARN"] for one in found] == both
    pages = tagging(aws).get_paginator("get_resources").paginate(**wanted, ResourcesPerPage=1)
    assert [one["ResourceARN"] for page in pages for one in page["ResourceTagMappingList"]] == both
    assert "of" in tagging(aws).get_tag_keys()["TagKeys"]
    assert tagging(aws).get_tag_values(Key="of")["TagValues"] == ["all"]


def test_the_tagging_api_tags_functions(aws: Aws) -> None:
    name = aws.function(Tags={"a": "1"})
    missing = arn("nowhere")
    told = tagging(aws).tag_resources(ResourceARNList=[arn(name), missing], Tags={"b": "2"})["FailedResourcesMap"]
    assert [*told] == [missing]
    assert aws.client.list_tags(Resource=arn(name))["Tags"] == {"a": "1", "b": "2"}
    assert tagging(aws).untag_resources(ResourceARNList=[arn(name)], TagKeys=["a"])["FailedResourcesMap"] == {}
    assert aws.client.list_tags(Resource=arn(name))["Tags"] == {"b": "2"}


def test_the_tagging_api_finds_mappings(aws: Aws) -> None:
    mapping = aws.map(aws.function(), Tags={"squad": "green"})["EventSourceMappingArn"]
    tagging = aws.sandbox.clients.get("resourcegroupstaggingapi", ACCOUNT, REGION)
    found = tagging.get_resources(ResourceTypeFilters=["lambda:event-source-mapping"], TagFilters=[{"Key": "squad"}])
    assert [one["ResourceARN"] for one in found["ResourceTagMappingList"]] == [mapping]


# --- reserved concurrency ------------------------------------------------------------------------------------------


def test_a_reservation_of_0_is_not_none(aws: Aws) -> None:
    name = aws.function()
    assert "ReservedConcurrentExecutions" not in aws.client.get_function_concurrency(FunctionName=name)
    aws.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert aws.client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 0
    assert aws.client.get_function(FunctionName=name)["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    with refused("TooManyRequestsException", status=429):
        aws.client.invoke(FunctionName=name)
    aws.client.delete_function_concurrency(FunctionName=name)
    assert "Concurrency" not in aws.client.get_function(FunctionName=name)


def test_a_reservation_of_no_function_is_told_with_what_it_would_be_of(aws: Aws) -> None:
    with refused("ResourceNotFoundException", ":function:missing:$LATEST", 404):
        aws.client.put_function_concurrency(FunctionName="missing", ReservedConcurrentExecutions=1)


def test_100_stay_unreserved(aws: Aws) -> None:
    name = aws.function()
    with refused(INVALID, "below its minimum value of [100]"):
        aws.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=901)
    aws.client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=700)
    limits = aws.client.get_account_settings()["AccountLimit"]
    assert (limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]) == (1000, 300)
    with refused(INVALID, "below its minimum value of [100]"):
        aws.client.put_function_concurrency(FunctionName=aws.function(), ReservedConcurrentExecutions=201)
    aws.client.delete_function_concurrency(FunctionName=name)


def test_the_code_of_all_functions_versions_and_layers_is_counted_and_images_are_not(aws: Aws) -> None:
    def stored() -> int:
        return int(aws.client.get_account_settings()["AccountUsage"]["TotalCodeSize"])

    before, name = stored(), aws.published(2)
    size = aws.client.get_function_configuration(FunctionName=name)["CodeSize"]
    assert stored() - before == 3 * size
    layer = aws.client.publish_layer_version(LayerName="counted", Content={"ZipFile": zipped()})
    assert stored() - before == 3 * size + layer["Content"]["CodeSize"]
    aws.client.delete_layer_version(LayerName="counted", VersionNumber=layer["Version"])
    aws.client.delete_function(FunctionName=name, Qualifier="1")
    assert stored() - before == 2 * size


def test_only_whole_functions_reserve(aws: Aws) -> None:
    with refused(INVALID, "This operation is permitted on Lambda functions only."):
        aws.client.put_function_concurrency(FunctionName=f"{aws.published()}:1", ReservedConcurrentExecutions=1)


# --- function URLs -------------------------------------------------------------------------------------------------


def test_a_url_is_created_without_and_shown_with_its_mode(aws: Aws) -> None:
    name = aws.function()
    made = aws.client.create_function_url_config(FunctionName=name, AuthType="NONE")
    assert made["FunctionUrl"].endswith("/")
    assert "InvokeMode" not in made
    found = aws.client.get_function_url_config(FunctionName=name)
    assert (found["InvokeMode"], found["FunctionUrl"], found["FunctionArn"]) == (
        "BUFFERED",
        made["FunctionUrl"],
        arn(name),
    )
    aws.client.update_function_url_config(FunctionName=name, AuthType="AWS_IAM", Cors={"MaxAge": 5})
    assert aws.client.get_function_url_config(FunctionName=name)["Cors"] == {"MaxAge": 5}


def test_an_alias_has_a_url_of_its_own_and_a_version_none(aws: Aws) -> None:
    name = aws.published()
    aws.client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    for qualifier in ({}, {"Qualifier": "live"}):
        aws.client.create_function_url_config(FunctionName=name, AuthType="NONE", **qualifier)
    listed = aws.client.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]
    assert [one["FunctionArn"] for one in listed] == [arn(name), f"{arn(name)}:live"]
    for version in ("1", "$LATEST"):
        with refused("ValidationException", "at 'qualifier'"):
            aws.unchecked.create_function_url_config(FunctionName=name, AuthType="NONE", Qualifier=version)


def test_a_second_url_is_refused_and_a_deleted_one_is_gone(aws: Aws) -> None:
    name = aws.function()
    aws.client.create_function_url_config(FunctionName=name, AuthType="NONE")
    with refused("ResourceConflictException", "FunctionUrlConfig exists", 409):
        aws.client.create_function_url_config(FunctionName=name, AuthType="NONE")
    aws.client.delete_function_url_config(FunctionName=name)
    with refused("ResourceNotFoundException", status=404):
        aws.client.get_function_url_config(FunctionName=name)
    with refused("ResourceNotFoundException", status=404):
        aws.client.delete_function_url_config(FunctionName=name)
