"""States that Terraform 1.11 printed, after it had applied configurations with its AWS provider 5.100; names and secrets are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import SourceError
from reconciler.importing.readers import read
from reconciler.importing.readers.terraform import MOST_ALIKE, hand_over
from reconciler.importing.told import File, Part, Said, Told

RECORDED = Path(__file__).parent / "recorded" / "terraform"
FUNCTION, MAPPING = "aws_lambda_function", "aws_lambda_event_source_mapping"
SECRET = "hunter2"


def told(*documents: Any) -> Told:
    [(reader, told)] = read([File("state.json", json.dumps(document)) for document in documents])
    assert reader.name == "terraform"
    return told


def recorded(name: str) -> Told:
    return told(json.loads((RECORDED / f"{name}.json").read_text()))


def by_name(told: Told) -> dict[str, Said]:
    return {said.function: said for said in told.functions}


def state(*resources: dict[str, Any], **values: Any) -> dict[str, Any]:
    return {
        "format_version": "1.0",
        "terraform_version": "1.11.4",
        "values": {"root_module": {"resources": list(resources), **values}},
    }


def resource(type_: str, name: str = "this", index: Any = None, needs: Any = (), **values: Any) -> dict[str, Any]:
    key = "" if index is None else f"[{json.dumps(index)}]"
    return {
        "mode": "managed", "type": type_, "name": name, "address": f"{type_}.{name}{key}", "depends_on": list(needs), "values": values,
        **({} if index is None else {"index": index}),
    }  # fmt: skip


def parts(said: Said) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in said.parts:
        found.setdefault(part.section, []).append(part.name)
    return found


def test_a_state_tells_functions_with_where_they_are_their_code_and_all_that_is_managed_of_them() -> None:
    local, stored = (by_name(recorded("house"))[name] for name in ("local", "from-s3"))
    assert (local.region, local.account_id, local.code) == ("eu-west-1", "123456789012", {"path": "v1.zip"})
    assert stored.code == {"S3Bucket": "artifacts", "S3Key": "house.zip"}
    assert parts(local) == {
        "configuration": ["aws_lambda_function.local"],
        "aliases": ["aws_lambda_alias.live"],
        "event_source_mappings": ["aws_lambda_event_source_mapping.queue"],
        "event_invoke": ["aws_lambda_function_event_invoke_config.once[0]"],
        "urls": ["aws_lambda_function_url.open[0]"],
        "permissions": ["aws_lambda_permission.topic[0]"],
        "provisioned_concurrency": ["aws_lambda_provisioned_concurrency_config.warm[0]"],
    }
    assert local.symbols == {
        "/code_signing/CodeSigningConfigArn": "aws_lambda_code_signing_config.signed.arn",
        "/configuration/Layers/0": "aws_lambda_layer_version.shared[0].arn",
    }
    assert list(local.labels.values()) == ["queue"]


def test_functions_of_modules_are_found_each_with_its_own_and_keys_of_for_each_name_mappings() -> None:
    functions = by_name(recorded("workers"))
    assert sorted(functions) == ["nightly", "orders", "returns-eu"]
    assert list(functions["returns-eu"].labels.values()) == ["queue"]
    assert parts(functions["returns-eu"])["log_group"] == [
        'module.worker["returns eu"].aws_cloudwatch_log_group.lambda'
    ]
    assert parts(functions["nightly"]) == {
        "configuration": ["module.nightly.aws_lambda_function.this[0]"],
        "log_group": ["module.nightly.aws_cloudwatch_log_group.lambda"],
        "event_invoke": ["module.nightly.aws_lambda_function_event_invoke_config.this"],
    }


def test_a_plan_tells_the_state_before_it_and_what_is_of_no_function_of_it_stays() -> None:
    told = recorded("plan")
    notify = by_name(told)["notify"]
    assert notify.symbols == {
        "/configuration/Role": "aws_iam_role.notify.arn",
        "/event_source_mappings/events/EventSourceArn": "aws_sqs_queue.events.arn",
    }
    assert parts(notify)["permissions"] == ["aws_lambda_permission.schedule"]
    assert told.notes == (
        "aws_lambda_permission.elsewhere may be of no function that this state manages; it is left to Terraform",
    )


def test_no_value_of_an_environment_gets_out_of_a_state() -> None:
    assert SECRET in (RECORDED / "workers.json").read_text()
    [(reader, told)] = read([File("state.json", (RECORDED / "workers.json").read_text())])
    assert SECRET not in repr(reader.parsed(File("state.json", (RECORDED / "workers.json").read_text())))
    assert SECRET not in repr(told)


def test_of_functions_of_one_name_the_one_that_a_resource_depends_on_has_it() -> None:
    here, there = (
        resource(FUNCTION, name, function_name="same", arn=f"arn:aws:lambda:{region}:123456789012:function:same")
        for name, region in (("here", "eu-west-1"), ("there", "us-east-1"))
    )
    named = resource("aws_lambda_permission", "depends", function_name="same", needs=[f"{FUNCTION}.there"])
    by_arn = resource(
        "aws_lambda_permission", "arn", function_name="arn:aws:lambda:eu-west-1:123456789012:function:same:live"
    )
    neither = resource("aws_lambda_permission", "neither", function_name="same")
    known = told(state(here, there, named, by_arn, neither))
    assert [parts(said).get("permissions") for said in known.functions] == [
        ["aws_lambda_permission.arn"], ["aws_lambda_permission.depends"],
    ]  # fmt: skip
    assert [note.split()[0] for note in known.notes] == ["aws_lambda_permission.neither"]


def test_more_functions_of_one_name_than_there_are_places_are_not_told_apart() -> None:
    arns = [f"arn:aws:lambda:eu-west-1:{number:012}:function:same" for number in range(MOST_ALIKE + 1)]
    functions = [resource(FUNCTION, "same", index, function_name="same", arn=arn) for index, arn in enumerate(arns)]
    known = told(state(*functions, resource("aws_lambda_alias", function_name="same", arn=f"{arns[3]}:live")))
    assert [note.split()[0] for note in known.notes] == ["aws_lambda_alias.this"]


def test_resources_of_two_states_are_not_mixed() -> None:
    functions = [
        state(
            resource(FUNCTION, function_name="same", arn=f"arn:aws:lambda:eu-west-1:{account}:function:same"),
            resource("aws_lambda_alias", account, function_name="same"),
        )
        for account in ("111111111111", "222222222222")
    ]
    assert {said.account_id: parts(said)["aliases"] for said in told(*functions).functions} == {
        account: [f"aws_lambda_alias.{account}"] for account in ("111111111111", "222222222222")
    }


@pytest.mark.parametrize(
    ("name", "index", "label"),
    [
        ("queue", None, "queue"),
        ("queue", 0, "queue-0"),
        ("this", "eu/orders", "eu-orders"),
        ("this", 0, ""),
        ("this", "\x1b[2J", "2J"),
    ],
)
def test_a_mapping_is_labelled_by_its_key_or_by_a_name_that_tells(name: str, index: Any, label: str) -> None:
    mapped = resource(MAPPING, name, index, function_name="a", uuid="u")
    [said] = told(state(resource(FUNCTION, function_name="a"), mapped)).functions
    assert said.labels == ({"u": label} if label else {})


# --- the hand-over ---------------------------------------------------------------------------------------------------


def test_what_is_owned_is_let_go_of_without_instance_keys_and_once() -> None:
    owned = [part for said in recorded("workers").functions for part in said.parts if part.section == "configuration"]
    text = hand_over(owned, [])
    assert [line for line in text.splitlines() if "from" in line and "=" in line] == [
        "  from = module.nightly.aws_lambda_function.this", "  from = module.worker.aws_lambda_function.this",
    ]  # fmt: skip
    assert text.count("destroy = false") == 2
    assert "take their blocks out of the module" in text


def test_where_some_instances_stay_the_others_are_taken_out_of_the_state_singly() -> None:
    owned, kept = (Part("configuration", f'{FUNCTION}.this["{key}"]') for key in ("it's mine", "stays"))
    text = hand_over([owned, Part("aliases", "aws_lambda_alias.live")], [kept])
    assert "from = aws_lambda_alias.live" in text
    assert f"from = {FUNCTION}" not in text
    assert f"""terraform state rm '{FUNCTION}.this["it'\\''s mine"]'""" in text


def test_nothing_owned_is_nothing_to_do() -> None:
    assert hand_over([], [Part("configuration", f"{FUNCTION}.this")]) == ""


@pytest.mark.parametrize("address", ['a.b"\n} resource "x" "y" {', "aws_lambda_function.a\nb", "$(reboot).x", ""])
def test_an_address_that_is_none_is_in_no_block(address: str) -> None:
    assert hand_over([Part("configuration", address)], []) == ""


# --- what is none of it ----------------------------------------------------------------------------------------------


def test_the_state_file_itself_is_told_what_to_give_instead() -> None:
    with pytest.raises(SourceError, match="terraform show -json"):
        told({"version": 4, "terraform_version": "1.11.4", "serial": 3, "resources": []})


@pytest.mark.parametrize(
    "text",
    [
        '{"terraform_version": "1',
        '"terraform_version"' * 2,
        '{"terraform_version":' + "[" * 200_000,
        '{"terraform_version": ' + "9" * 5000 + "}",
    ],
    ids=["cut", "words", "deep", "long"],
)
def test_what_is_no_json_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(SourceError, match=r"^state\.json(:1:\d+)?: .{5,150}$"):
        read([File("state.json", text)])


@pytest.mark.parametrize("wrong", [None, 3, "x", [], {}, [[]], [{"x": []}], {"x": {}}], ids=repr)
@pytest.mark.parametrize(
    "member", ["values", "root_module", "resources", "child_modules", "address", "type", "depends_on", "index", *"ab"]
)
def test_a_member_of_any_other_type_tells_nothing_and_breaks_nothing(member: str, wrong: Any) -> None:
    named = {"a": "function_name", "b": "layers"}.get(member, member)

    def spoilt(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {name: wrong if name == named else spoilt(item) for name, item in tree.items()}
        return [spoilt(item) for item in tree] if isinstance(tree, list) else tree

    whole = state(resource(FUNCTION, index=0, function_name="f", layers=[]), child_modules=[])
    assert len(told(spoilt(whole)).functions) <= 1
