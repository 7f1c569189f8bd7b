"""The last look at what a run has made with its function: cheap as long as nobody else was there, and whole as soon as somebody was."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from reconciler.aws.when import NEVER, Group, Waiting
from reconciler.sandbox.around.faults import Fault, Script
from tests.apply.houses import house_of
from tests.apply.strangers import ACTS, ARN, MARK, Stranger
from tests.conftest import ACCOUNT, REGION, House, function_spec

ALIAS = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
QUEUE = 'event_source_mappings: {q: {EventSourceArn: "arn:aws:sqs:us-west-2:123456789012:q", alias: live}}\n'


def weigh(house: House) -> None:
    """Weights need a second version, and that another revision of the function."""
    house.lambda_.update_function_configuration(FunctionName="checkout", Description="theirs")
    version = house.lambda_.publish_version(FunctionName="checkout")["Version"]
    house.lambda_.update_function_configuration(FunctionName="checkout", Description="")
    weights = {"AdditionalVersionWeights": {version: 0.5}}
    house.lambda_.update_alias(FunctionName="checkout", Name="live", RoutingConfig=weights)


def repoint(house: House) -> None:
    house.lambda_.update_alias(FunctionName="checkout", Name="live", FunctionVersion="$LATEST")


def remove(house: House) -> None:
    house.lambda_.delete_alias(FunctionName="checkout", Name="live")


def created(
    house: House, act: Callable[[House], None] | None = None, moment: str = "CreateAlias"
) -> tuple[int, list[str]]:
    """The exit code of an apply that makes a function with an alias and a mapping, and what it asked for; `act` right after the answer
    to the call of that `moment`."""
    house_of(house)
    house.write("checkout.yaml", function_spec(extra=ALIAS + QUEUE))
    stranger = Stranger(house)
    stranger.waits(act, lambda _, operation, when: (operation, when) == (moment, "after"))
    report = house.apply()
    assert act is None or stranger.leaves()
    return report["outcome"]["exit_code"], stranger.requests


def test_an_alias_that_was_made_with_its_function_costs_no_scarce_look(house: House) -> None:
    exit_code, requests = created(house)
    assert exit_code == 0
    assert "GetAlias" not in requests
    assert house.verbs() == {}


def test_a_new_function_is_looked_at_where_something_can_have_happened_and_nowhere_else(house: House) -> None:
    """Before it is made; its version, then itself, before the alias; itself and the alias when all is done."""
    exit_code, requests = created(house)
    assert exit_code == 0
    writes = [number for number, name in enumerate(requests) if name.startswith("Create")]
    made, alias, mapping = writes
    assert requests[made + 1 : alias] == ["GetFunction", "GetFunction"]
    assert requests[alias + 1 : mapping] == []
    assert requests[mapping + 1 :].count("GetFunction") == 2


def mark(house: House) -> None:
    house.lambda_.tag_resource(Resource=ARN, Tags={MARK: "bakery"})


@pytest.mark.parametrize("moment", ["CreateFunction", "CreateAlias", "CreateEventSourceMapping"])
def test_a_new_function_that_another_house_marks_meanwhile_is_never_taken_for_ours(house: House, moment: str) -> None:
    exit_code, requests = created(house, mark, moment)
    assert exit_code == 21
    assert ("CreateAlias" in requests) == (moment != "CreateFunction")


def test_an_update_is_compared_by_the_look_that_tells_that_it_is_done(house: House) -> None:
    house_of(house)
    house.write("checkout.yaml", function_spec())
    house.apply()
    house.write("checkout.yaml", function_spec(key="v2.zip", configuration="Timeout: 9"))
    stranger = Stranger(house)
    assert house.apply()["outcome"]["exit_code"] == 0
    first, second = (stranger.requests.index(f"UpdateFunction{what}") for what in ("Configuration", "Code"))
    assert stranger.requests[first + 1 : second] == ["GetFunction"]
    assert stranger.requests[second + 1 :] == ["GetFunction", "GetFunction"]  # it is over, and when all is done


@pytest.mark.parametrize(("act", "code"), [(weigh, 23), (repoint, 23), (remove, 25)])
def test_whatever_somebody_does_to_it_meanwhile_is_found(house: House, act: Callable[[House], None], code: int) -> None:
    exit_code, requests = created(house, act)
    assert exit_code == code
    assert "GetAlias" in requests or act is remove  # without it there is no mapping either


def test_who_may_not_look_at_it_by_its_version_looks_at_it_whole(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconciler.aws.client import Aws
    from reconciler.core.errors import CallFailed

    find = Aws.find

    def refusing(self: Aws, place: object, operation: str, params: dict[str, str]) -> object:
        if params.get("Qualifier") == "live":
            raise CallFailed("no", code="AccessDeniedException")
        return find(self, place, operation, params)  # type: ignore[arg-type]

    monkeypatch.setattr(Aws, "find", refusing)
    exit_code, requests = created(house)
    assert exit_code == 0
    assert "GetAlias" in requests


def test_an_alias_of_a_function_that_was_there_is_looked_at_whole(house: House) -> None:
    house_of(house, "checkout")
    house.write("checkout.yaml", function_spec(extra=ALIAS + QUEUE))
    stranger = Stranger(house)
    assert house.apply()["outcome"]["exit_code"] == 0
    assert "GetAlias" in stranger.requests


@pytest.mark.parametrize("act", [None, repoint])
def test_an_alias_that_moves_is_looked_at_once(house: House, act: Callable[[House], None] | None) -> None:
    """The look that tells that AWS has carried it out shows all of it, and what somebody did before that."""
    house_of(house)
    house.write("checkout.yaml", function_spec(extra=ALIAS))
    house.apply()
    house.write("checkout.yaml", function_spec(extra=ALIAS, configuration="Timeout: 9"))
    stranger = Stranger(house)
    stranger.waits(act, lambda _, operation, when: (operation, when) == ("UpdateAlias", "after"))
    report = house.apply()
    if act:
        assert report["outcome"]["exit_code"] == 23
    else:
        assert report["outcome"]["exit_code"] == 0
        assert stranger.requests.count("GetAlias") == 1


# --- of many -----------------------------------------------------------------------------------------------------------


def looked_at(house: House) -> list[str]:
    """The functions that are looked at by themselves once the last mapping was made, and before a listing; a listing is told as such."""
    last = max(at for at, item in enumerate(house.sandbox.requests) if item.operation == "CreateEventSourceMapping")
    rest = house.sandbox.requests[last + 1 :]
    names = {"ListFunctions": "all"} | {"GetFunction": ""}
    return [
        names[item.operation] or item.params["FunctionName"]
        for item in rest
        if item.operation in names and "Qualifier" not in item.params
    ]


@pytest.fixture
def together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever could be told with others is so only once all dozen can."""

    def due(group: Group, *, is_idle: bool) -> float:
        is_waiting = group.together.is_instead and len(group.waiting) < 12
        return NEVER if is_waiting else usual(group, is_idle=True)

    usual = Group.due
    monkeypatch.setattr(Group, "due", due)


def many(house: House, act: Callable[[House], object] | None) -> dict[str, str]:
    """A dozen functions are made, and `act` comes right after the last call but before any of them is done; what each target came to."""
    house_of(house)
    names = ["checkout", *(f"f{number:02}" for number in range(11))]
    for name in names:
        house.write(f"{name}.yaml", function_spec(name, extra=ALIAS + QUEUE), stock=name == names[0])
    stranger, made = Stranger(house), list[str]()

    def is_last(_: int, operation: str, when: str) -> bool:
        made.extend([operation] if (operation, when) == ("CreateEventSourceMapping", "after") else [])
        return len(made) == len(names)

    stranger.waits(act, is_last)
    report = house.apply()
    assert stranger.leaves()
    return {task["target"].rpartition("/")[2]: task["status"]["status"] for task in report["tasks"]}


def test_many_that_end_together_are_looked_at_by_one_listing(together: None, house: House) -> None:
    outcomes = many(house, None)
    assert set(outcomes.values()) == {"Orchestration completed."}
    assert looked_at(house) == ["all"]


@pytest.mark.parametrize(
    "act", ["configuration", "environment", "code", "tag", "owner mark", "alias", "function created again"]
)
def test_who_was_changed_before_the_listing_is_found_among_many(together: None, house: House, act: str) -> None:
    outcomes = many(house, ACTS[act])
    (failed,) = (name for name, status in outcomes.items() if status != "Orchestration completed.")
    assert failed == "checkout"
    assert "since the plan was made" in outcomes["checkout"]
    assert looked_at(house) == ["all", *(["checkout"] if act != "alias" else [])]


@pytest.mark.parametrize("is_moved", [False, True], ids=["as they were", "one is another"])
def test_mappings_of_many_that_nothing_is_done_about_are_looked_at_by_one_listing(
    together: None, house: House, *, is_moved: bool
) -> None:
    """Of a dozen functions that change one listing shows their mappings, and who is another there is looked at."""
    many(house, None)
    for number in range(12):
        name = f"f{number:02}" if number < 11 else "checkout"
        text = function_spec(name, extra=ALIAS + QUEUE, configuration="Timeout: 9")
        house.write(f"{name}.yaml", text, stock=False)
    stranger, moved = Stranger(house), list[str]()

    def is_last(_: int, operation: str, when: str) -> bool:
        moved.extend([operation] if (operation, when) == ("UpdateAlias", "after") else [])
        return len(moved) == 12

    def batch(house: House) -> None:
        region, _account = house.sandbox.gate.region(ACCOUNT, REGION)
        next(iter(region.mappings.values())).properties["BatchSize"] = 3

    stranger.waits(batch if is_moved else None, is_last)
    report = house.apply()
    assert sum(task["status"]["failed"] for task in report["tasks"]) == is_moved
    assert stranger.requests.count("GetEventSourceMapping") == is_moved
    assert stranger.requests.count("ListEventSourceMappings") == 2  # of which one is the plan's


def test_who_may_not_list_all_looks_at_each(together: None, house: House) -> None:
    house.sandbox.gate.script = Script([Fault("ListFunctions", status=403, code="AccessDeniedException")])
    outcomes = many(house, None)
    assert set(outcomes.values()) == {"Orchestration completed."}
    assert len(looked_at(house)) >= 12


def test_who_waits_to_be_told_with_others_when_the_run_is_stopped_is_looked_at_and_done(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house_of(house)
    for number in range(3):
        house.write(f"f{number}.yaml", function_spec(f"f{number}"), stock=not number)
    join = Group.join

    def joined(group: Group, waiting: Waiting) -> None:
        join(group, waiting)
        if len(group.waiting) == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Group, "join", joined)
    monkeypatch.setattr(Group, "due", lambda *_, is_idle: NEVER)
    assert house.run("apply", "--yes").exit_code == 128 + signal.SIGTERM
    assert {task["status"]["status"] for task in house.newest_report()["tasks"]} == {"Orchestration completed."}
