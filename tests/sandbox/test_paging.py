"""FACTS 4: pages of 50 and 100, with markers; what listings hold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import ACCOUNT, ROLE, Aws, zipped

REGION = "eu-central-1"  # listings are of a whole region: this one is the module's own


@pytest.fixture(scope="module")
def client(aws: Aws) -> Any:
    """Lambda of a region with 120 functions, the first with 60 versions and 60 aliases, and 120 mappings."""
    client = aws.sandbox.clients.get("lambda", ACCOUNT, REGION)
    for number in range(120):
        client.create_function(
            FunctionName=f"p{number:03}", Role=ROLE, Runtime="python3.13", Handler="a.b", Code={"ZipFile": zipped()}
        )
    aws.settle()
    for number in range(60):
        client.update_function_configuration(FunctionName="p000", Description=str(number))
        aws.settle()
        client.publish_version(FunctionName="p000")
        client.create_alias(FunctionName="p000", Name=f"a{number:02}", FunctionVersion="1")
    for number in range(120):
        topics = {"Topics": ["orders"], "StartingPosition": "LATEST"}
        source = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/c{number}/00000000-0000-0000-0000-000000000000-1"
        client.create_event_source_mapping(FunctionName="p000", EventSourceArn=source, **topics)
    return client


def pages(client: Any, operation: str, **params: Any) -> list[dict[str, Any]]:
    return list(client.get_paginator(operation).paginate(**params))


LISTINGS = [
    pytest.param("list_functions", {}, "Functions", [50, 50, 20], id="functions"),
    pytest.param(
        "list_functions", {"FunctionVersion": "ALL"}, "Functions", [50, 50, 50, 30], id="functions and versions"
    ),
    pytest.param("list_versions_by_function", {"FunctionName": "p000"}, "Versions", [50, 11], id="versions"),
    pytest.param("list_aliases", {"FunctionName": "p000"}, "Aliases", [50, 10], id="aliases"),
    pytest.param("list_event_source_mappings", {}, "EventSourceMappings", [100, 20], id="mappings"),
]


@pytest.mark.parametrize(("operation", "params", "member", "sizes"), LISTINGS)
def test_a_listing_has_pages_of(
    client: Any, operation: str, params: dict[str, Any], member: str, sizes: list[int]
) -> None:
    found = pages(client, operation, **params)
    assert [len(page[member]) for page in found] == sizes
    key = {"EventSourceMappings": "UUID", "Aliases": "AliasArn"}.get(member, "FunctionArn")
    assert len({one[key] for page in found for one in page[member]}) == sum(sizes)


def test_a_larger_page_than_awss_is_not_given(client: Any) -> None:
    assert len(client.list_functions(MaxItems=10000)["Functions"]) == 50


def test_a_smaller_page_is(client: Any) -> None:
    first = client.list_functions(MaxItems=7)
    assert len(first["Functions"]) == 7
    second = client.list_functions(MaxItems=7, Marker=first["NextMarker"])
    assert second["Functions"][0]["FunctionName"] == "p007"


def test_the_last_page_has_no_marker(client: Any) -> None:
    assert "NextMarker" not in pages(client, "list_functions")[-1]


def test_all_versions_are_listed_with_qualified_arns_and_others_without(client: Any) -> None:
    whole = [one for page in pages(client, "list_functions", FunctionVersion="ALL") for one in page["Functions"]]
    ends = [one["FunctionArn"].rpartition(":")[2] for one in whole if one["FunctionName"] == "p000"]
    assert ends == ["$LATEST", *map(str, range(1, 61))]
    plain = [one for page in pages(client, "list_functions") for one in page["Functions"]]
    assert all(one["FunctionArn"].endswith(f":{one['FunctionName']}") for one in plain)


def test_listings_have_no_tags_and_no_concurrency(client: Any) -> None:
    assert not {"Tags", "Concurrency"} & set(client.list_functions()["Functions"][0])
