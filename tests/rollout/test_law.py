"""The law of rollouts, by property, over the whole: for any interleaving of ticks, kills, lost answers, what others do to the alias, and new
commits, traffic never reaches a candidate whose evidence failed, an alias never ends between two states, and apply, then plan, is empty.

What must hold is said in `tests.rollout.world`; here is what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apply.test_law import drawn
from tests.commands.rollout.scenes import BEGUN, Clock
from tests.conftest import House, opened
from tests.rollout.shop import LIVE, STEPS, Options, Place
from tests.rollout.world import BREAKING, GOING_WRONG, TICK, World, opened_world

DRAWS = [pytest.param(4, id="a few"), pytest.param(100, id="many", marks=pytest.mark.sweep)]
NEXT, TILL = ("checkout", "next"), ("till", "live")


@dataclass(frozen=True)
class Act:
    """One thing that happens."""

    name: str
    does: Callable[[World], Any]

    def __repr__(self) -> str:
        return self.name


def acts(name: str, does: Callable[..., Any], *given: st.SearchStrategy[Any], **named: st.SearchStrategy[Any]) -> st.SearchStrategy[Act]:  # fmt: skip
    """What happens to a world, with drawn words; its name says how to do it again."""
    return st.tuples(st.tuples(*given), st.fixed_dictionaries(named)).map(
        lambda both: Act(f"{name}{both[0]}{both[1] or ''}", lambda world: does(world, *both[0], **both[1]))
    )


options = st.builds(
    Options,
    steps=st.sampled_from([0, 0, *range(len(STEPS))]),
    watch=st.sampled_from(["5m", "5m", ""]),
    unsure=st.sampled_from(["hold", "hold", "go", "back"]),
    on_failure=st.sampled_from(["back", "back", "back", "hold"]),
    deadline=st.sampled_from(["", "20m"]),
    is_measured=st.sampled_from([True, True, False]),
    is_timed=st.sampled_from([False, True]),
    is_counted=st.sampled_from([False, False, True]),
    has_alarm=st.booleans(),
    has_smoke=st.booleans(),
)
settings_ = st.tuples(st.sampled_from([(LIVE,), (LIVE,), (LIVE, NEXT), (LIVE, TILL), (LIVE, NEXT, TILL)]), st.sampled_from([False, False, True]), options)  # fmt: skip
place = st.sampled_from([LIVE, LIVE, NEXT, TILL])
trouble = {
    "goes": st.sampled_from(["nothing"] * 12 + list(GOING_WRONG)),
    "nth": st.integers(1, 14),
    "cut_after": st.sampled_from([0] * 28 + list(range(1, 15))),
}
OTHERS = ("a text", "weights off", "more for the candidate", "a third version", "promoted", "no marker", "no alias", "no candidate", "nothing provisioned")  # fmt: skip
WISHES = (
    ("promote",),
    ("promote", "--full"),
    ("promote", "--full", *BREAKING),
    ("abort", "--because", "no"),
    ("pause",),
    ("resume",),
    ("resume", "--reset"),
    ("retry",),
    ("rollback",),
)


def waits(world: World, count: int, callers: int, **bad: Any) -> None:
    world.minutes(count, callers)
    world.tick(**bad)


def is_released(world: World, what: str, function: str, is_bad: bool, is_unfit: bool, **bad: Any) -> None:
    if function in world.keys:
        world.commit(what, function)
        world.publishing(function, is_bad=is_bad, is_unfit=is_unfit)
        world.apply(**bad)


def does_not_start(world: World, who: str) -> None:
    """A version that cannot be provisioned, where something is: released, or promoted."""
    goes = "what is provisioned does not start"
    if who == "apply":
        is_released(world, "code", "checkout", False, False, goes=goes)
    else:
        waits(world, 9, 100, goes=goes)


def of_a_place(does: Callable[..., Any]) -> Callable[..., Any]:
    """Where the life has that place."""
    return lambda world, *words: does(world, *words) if words[-1] in world.places else None


happening = st.one_of(
    acts("tick", World.tick, **trouble),
    acts("apply", World.apply, **trouble),
    acts("commit", World.commit, st.sampled_from(["code", "a revert"])),
    acts("options", World.say, options),
    acts("freeze", World.freeze, st.sampled_from([True, False, False])),
    acts(
        "throttle",
        of_a_place(lambda world, count, place: world.throttle(place, count)),
        st.sampled_from([5, 11, 200]),
        place,
    ),
    acts("alarm", World.put_alarm, st.sampled_from(["ALARM", "OK", "gone"])),
    acts("pin", of_a_place(World.pin), st.sampled_from(["stable", "oldest", "published", "published"]), place),
    acts("in or out", of_a_place(World.leave), st.sampled_from(["rollout", "alias", "function"]), place),
    acts("others", of_a_place(World.others), st.sampled_from(OTHERS), place),
    acts("others", of_a_place(World.others), st.sampled_from(OTHERS), place),
    acts("a start that fails", does_not_start, st.sampled_from(["apply", "tick"])),
    acts("a person", of_a_place(World.wish), st.sampled_from(WISHES), place),
    acts("a fitting wish", of_a_place(World.fitting), st.integers(0, 5), place),
    acts("a fitting wish", of_a_place(World.fitting), st.integers(0, 5), place),
)
# Time goes on between any two of these, else nothing ever comes of a rollout.
going_on = acts(
    "minutes and tick", waits, st.sampled_from([6, 9, 3, 1, 21]), st.sampled_from([100, 100, 100, 4]), **trouble
)
release = acts(
    "release", is_released, st.sampled_from(["code", "code and text", "code", "code", "a revert"]), st.sampled_from(["checkout", "checkout", "till"]),
    st.booleans(), st.sampled_from([False, False, True]), **trouble,
)  # fmt: skip
rounds = st.tuples(release, st.lists(st.one_of(going_on, going_on, happening), min_size=3, max_size=6)).map(
    lambda both: [both[0], *both[1]]
)
lives = st.lists(rounds, min_size=2, max_size=4).map(lambda parts: [act for part in parts for act in part])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Clock(BEGUN)
    with pytest.MonkeyPatch.context() as patch, opened(patch, clock) as sandbox:
        yield opened_world(House(tmp_path_factory.mktemp("rollouts"), sandbox), clock, patch)


@pytest.mark.parametrize("draws", DRAWS)
def test_the_law_of_rollouts(world: World, draws: int) -> None:
    @drawn(draws)
    @given(setting=settings_, life=lives)
    def holds(setting: tuple[tuple[Place, ...], bool, Options], life: list[Act]) -> None:
        places, is_warm, said = setting
        world.begin(places, is_warm=is_warm, options=said)
        for act in life:
            act.does(world)
            world.is_quiet()

    holds()


JUDGED_BY = {
    "errors": Options(is_measured=True),
    "duration": Options(is_measured=False, is_timed=True),
    "throttles": Options(is_measured=False, is_counted=True),
    "an alarm": Options(is_measured=False, has_alarm=True),
}


@pytest.mark.parametrize("evidence", JUDGED_BY)
def test_a_life_without_trouble_sees_what_the_law_is_about(world: World, evidence: str) -> None:
    """Else the law would hold of a world in which nothing happens."""
    world.begin(options=JUDGED_BY[evidence])
    seen = []
    for is_bad in (False, True):
        world.commit("code")
        world.publishing("checkout", is_bad=is_bad, is_unfit=False)
        world.apply()
        for _ in range(3):
            world.is_quiet()
            seen.append(world.state())
            world.minutes(5)
            if is_bad and len(seen) == 4:
                assert not world.fails(LIVE) or evidence in ("errors", "duration")
                world.throttle(LIVE, 200)
                world.put_alarm("ALARM")
            world.minutes(4)
            world.run(*TICK)
    assert [state.traffic for state in seen] == [
        ("1", {"2": 0.2}), ("1", {"2": 0.5}), ("2", {}), ("2", {"3": 0.2}), ("2", {}), ("2", {}),
    ]  # fmt: skip
    marker = world.state().marker
    assert marker
    assert (marker.state, marker.candidate) == ("rejected", "3")
    assert evidence in marker.reason or evidence == "an alarm"


def test_a_life_sees_freezes(world: World) -> None:
    world.begin()
    world.commit("code")
    world.apply()
    world.freeze(True)
    world.minutes(9)
    world.run(*TICK)
    assert world.run("rollout", "promote", "checkout/live", "--full") == 21
    assert world.state().traffic == ("1", {"2": 0.2})
    world.run("rollout", "promote", "checkout/live", "--full", *BREAKING)
    assert world.state().traffic == ("2", {})
    world.commit("code")
    world.apply()
    assert not world.is_applied
    world.freeze(False)
    world.apply()
    assert world.is_applied
