"""What a person asks of one function at once: an alias goes back, a version is made anew, a mark is taken off."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.conftest import CONFIG, House, function_spec

SPEC = function_spec(
    extra="""
    publish: true
    aliases:
      live:
        # the newest
        FunctionVersion: published   # moves by itself
        RoutingConfig: {AdditionalVersionWeights: {}}
    """
)


@pytest.fixture
def three(house: House) -> House:
    """Versions 1 to 3, each with its turn under `live`, and reports of that."""
    house.write("reconcile.yaml", CONFIG + "managedBy: shop\n", stock=False)
    for key in ("v1.zip", "v2.zip", "v3.zip"):
        house.write("checkout.yaml", SPEC.replace("v1.zip", key))
        house.apply()
    house.sandbox.requests.clear()
    return house


def alias(house: House, name: str = "live") -> dict[str, Any]:
    answer = house.lambda_.get_alias(FunctionName="checkout", Name=name)
    return {
        "version": answer["FunctionVersion"],
        "weights": answer.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}),
    }


def text(house: House) -> str:
    return (house.root / "specs/checkout.yaml").read_text()


# --- rollback --------------------------------------------------------------------------------------------------------


def test_an_alias_goes_back_to_what_it_was_on_with_one_call_and_a_report(three: House) -> None:
    result = three.run("rollback", "checkout/live", "--yes")
    assert (result.exit_code, alias(three)["version"]) == (0, "2")
    assert three.writes() == ["UpdateAlias"]
    report = three.newest_report()
    assert (report["run"]["command"], report["outcome"]["status"]) == ("rollback", "succeeded")
    assert "back to version 2, which had all of its traffic before (run " in result.out
    assert (
        "specs/checkout.yaml says otherwise, so the next apply moves test/us-west-2/checkout/alias/live again"
        in result.err
    )
    assert three.verbs() == {"checkout/alias/live": "update"}


def test_going_back_twice_leads_further_back_and_not_forward_again(three: House) -> None:
    three.run("rollback", "checkout/live", "--yes")
    three.run("rollback", "checkout/live", "--yes")
    assert alias(three)["version"] == "1"
    result = three.run("rollback", "checkout/live", "--yes")
    assert result.exit_code == 21
    assert "is on version 1, and there is none below; name one with --to (R251)" in result.err


def test_without_a_report_the_next_lower_number_stands_for_what_was_before(three: House) -> None:
    three.lambda_.delete_function(FunctionName="checkout", Qualifier="2")
    result = three.run("rollback", "checkout/live", "--yes", "--report-dir", "elsewhere")
    assert alias(three)["version"] == "1"
    assert "back to version 1, the next one below 3, for no report tells what it was on before" in result.out


def test_a_report_that_does_not_tell_of_its_run_is_passed_over(three: House) -> None:
    newest = max((three.root / "reports").glob("*.json"))
    document = json.loads(newest.read_text())
    del document["run"]
    newest.write_text(json.dumps(document))
    result = three.run("rollback", "checkout/live", "--yes")
    assert (result.exit_code, alias(three)["version"]) == (0, "2"), result.err


def test_a_canary_is_withdrawn_and_its_weights_are_gone(three: House) -> None:
    routing = {"AdditionalVersionWeights": {"3": 0.25}}
    three.lambda_.update_alias(FunctionName="checkout", Name="live", FunctionVersion="1", RoutingConfig=routing)
    assert three.run("rollback", "checkout/live", "--yes", "--report-dir", "elsewhere").exit_code == 0
    assert alias(three) == {"version": "1", "weights": {}}


def test_a_pinned_rollback_says_so_in_the_spec_and_leaves_nothing_to_plan(three: House) -> None:
    before = text(three)
    result = three.run("rollback", "test/us-west-2/checkout/live", "--to", "1", "--pin", "--yes")
    assert result.exit_code == 0, result.err
    assert "specs/checkout.yaml says version 1 now; commit it" in result.err
    line = "        FunctionVersion: published   # moves by itself\n        RoutingConfig: {AdditionalVersionWeights: {}}\n"
    assert text(three) == before.replace(
        line.replace("        ", "    "), '    FunctionVersion: "1"   # moves by itself\n'
    )
    assert three.verbs() == {}


REFUSED = {
    "no such version": (
        ("checkout/live", "--to", "9"),
        21,
        "version 9 does not exist; the function has 1, 2, 3 (R251)",
    ),
    "no such alias": (("checkout/lve",), 21, "alias/lve does not exist; the function has live (R251)"),
    "no alias named": (("checkout",), 2, "which alias of checkout? write checkout/ALIAS"),
    "no such function": (("chekout/live",), 2, "did you mean checkout?"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_rollback_that_leads_nowhere_is_refused_before_anything_is_done(three: House, name: str) -> None:
    words, code, message = REFUSED[name]
    result = three.run("rollback", *words, "--yes")
    assert result.exit_code == code, result.err
    assert message in result.err
    assert three.writes() == []


def test_what_cannot_be_pinned_is_told_before_the_alias_moves(three: House) -> None:
    anchored = text(three).replace("live:\n", "live: &live\n")
    three.write("checkout.yaml", anchored, stock=False)
    result = three.run("rollback", "checkout/live", "--pin", "--yes")
    assert result.exit_code == 21
    assert "has the anchor &live" in result.err
    assert result.err.rstrip().endswith("(R254)")
    assert (three.writes(), text(three)) == ([], anchored)


def test_one_region_is_not_pinned_for_another(three: House) -> None:
    both = text(three).replace("region: us-west-2", "regions: [us-west-2, eu-west-1]")
    three.write(
        "reconcile.yaml", CONFIG.replace("[us-west-2]", "[us-west-2, eu-west-1]") + "managedBy: shop\n", stock=False
    )
    three.write("checkout.yaml", both, stock=False)
    result = three.run("rollback", "us-west-2/checkout/live", "--pin", "--yes")
    assert (result.exit_code, text(three)) == (21, both)
    assert "this is said for test/eu-west-1/checkout as well" in result.err


def test_a_broken_spec_of_another_function_is_in_nobodys_way(three: House) -> None:
    three.write("broken.yaml", "function: broken\nconfiguration: 3\n", stock=False)
    assert three.run("rollback", "checkout/live", "--yes").exit_code == 0
    assert alias(three)["version"] == "2"
    assert three.run("rollback", "checkout/live", "--yes", "--pin").exit_code == 20


def test_nobody_moves_an_alias_of_somebody_elses_function_or_unasked(
    three: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert three.run("rollback", "checkout/live").exit_code == 21
    three.write("reconcile.yaml", CONFIG + "managedBy: others\n", stock=False)
    result = three.run("rollback", "checkout/live", "--yes")
    assert result.exit_code == 21
    assert "is managed by shop, not by others" in result.out + result.err
    assert three.writes() == []


# --- republish -------------------------------------------------------------------------------------------------------


def test_a_version_is_published_anew_though_nothing_differs(three: House) -> None:
    was = three.lambda_.get_function(FunctionName="checkout")["Configuration"]
    three.sandbox.requests.clear()
    result = three.run("republish", "checkout", "--yes")
    assert result.exit_code == 0, result.err
    assert three.writes() == ["UpdateFunctionConfiguration", "PublishVersion", "UpdateFunctionConfiguration"]
    made = three.lambda_.get_function(FunctionName="checkout", Qualifier="4")["Configuration"]
    now = three.lambda_.get_function(FunctionName="checkout")["Configuration"]
    assert made["Description"].startswith("published anew at ")
    assert (now["Description"], now["CodeSha256"], alias(three)["version"]) == ("", was["CodeSha256"], "3")
    assert three.newest_report()["run"]["command"] == "republish"
    assert three.verbs() == {"checkout/alias/live": "update"}
    three.apply()
    assert three.verbs() == {}


def test_what_git_does_not_say_is_not_published_anew(three: House) -> None:
    three.lambda_.update_function_configuration(FunctionName="checkout", MemorySize=1024)
    three.sandbox.requests.clear()
    result = three.run("republish", "checkout", "--yes")
    assert result.exit_code == 21
    assert "test/us-west-2/checkout is not what git says" in result.err
    assert result.err.rstrip().endswith("(R252)")
    assert three.writes() == []


def test_a_long_description_makes_room_for_why_there_is_a_version(house: House) -> None:
    house.write("checkout.yaml", function_spec(configuration=f"Description: {'x' * 256}\n", extra="publish: true\n"))
    house.apply()
    assert house.run("republish", "checkout", "--yes").exit_code == 0
    made = house.lambda_.get_function(FunctionName="checkout", Qualifier="2")["Configuration"]["Description"]
    assert len(made) == 256
    assert house.verbs() == {}


# --- disown ----------------------------------------------------------------------------------------------------------


def tags(house: House) -> dict[str, str]:
    answer: dict[str, str] = house.lambda_.get_function(FunctionName="checkout").get("Tags", {})
    return answer


def test_a_mark_is_taken_off_and_nothing_else(three: House) -> None:
    three.lambda_.tag_resource(
        Resource=three.lambda_.get_function(FunctionName="checkout")["Configuration"]["FunctionArn"], Tags={"a": "b"}
    )
    three.sandbox.requests.clear()
    three.write("checkout.yaml", text(three).replace("publish:", "ignore: [/tags]\npublish:"), stock=False)
    result = three.run("disown", "checkout", "--yes")
    assert result.exit_code == 0, result.err
    assert (three.writes(), tags(three)) == (["UntagResource"], {"a": "b"})
    assert three.newest_report()["run"]["command"] == "disown"
    three.write("checkout.yaml", text(three).replace("handler\n", "handler\n  Timeout: 9\n", 1), stock=False)
    assert "bears no mark of ours; write `adopt: true`" in three.run("plan").out
    again = three.run("disown", "checkout", "--yes")
    assert again.exit_code == 21
    assert "bears no mark, so it is nobody's already (R253)" in again.err


def test_a_function_without_a_spec_is_disowned_by_its_address(three: House) -> None:
    three.write("other.yaml", function_spec("other"))
    three.remove("checkout.yaml")
    assert three.run("disown", "checkout", "--yes").exit_code == 2
    assert three.run("disown", "test/us-west-2/checkout", "--yes").exit_code == 0
    assert tags(three) == {}


def test_a_mark_of_others_is_not_taken(three: House) -> None:
    three.write("reconcile.yaml", CONFIG + "managedBy: others\n", stock=False)
    result = three.run("disown", "checkout", "--yes")
    assert result.exit_code == 21
    assert "its mark is not ours to take (R253)" in result.err
    assert tags(three) == {"reconcile:managed-by": "shop"}
    three.write("reconcile.yaml", CONFIG, stock=False)
    assert "has no managedBy" in three.run("disown", "checkout", "--yes").err


@pytest.mark.parametrize("command", ["rollback", "republish", "disown"])
def test_a_lock_that_is_held_holds(three: House, command: str) -> None:
    three.write("reconcile.yaml", CONFIG + "managedBy: shop\nlock: s3://artifacts/lock\n", stock=False)
    s3 = three.sandbox.clients.get("s3", "123456789012", "us-west-2")
    s3.put_object(
        Bucket="artifacts",
        Key="lock",
        Body=b'{"owner": "root@vm", "run": "8a3a72014416", "expires_at": 0, "lease_seconds": 120}',
    )
    result = three.run(command, "checkout/live" if command == "rollback" else "checkout", "--yes", "--format", "json")
    assert (result.exit_code, result.json()["kind"]) == (24, "error")
    assert three.writes() == []
