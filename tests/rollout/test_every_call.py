"""A rollout that is begun, ticked and ended, in every way that there is, while something goes wrong at one call of it: the call is not carried
out, its answer is lost, it is the last one before a kill, or somebody else was there first. What must hold of every call is said in
`tests.rollout.world`; and whoever comes next brings it to where git and AWS say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from reconciler.core.service import READING
from tests.commands.rollout.scenes import BEGUN, Clock
from tests.conftest import House, opened
from tests.rollout.shop import LIVE, Options
from tests.rollout.world import TICK, World, opened_world

APPLY = ("apply", "--yes")
ADDRESS = "checkout/live"
AT_ONCE, IN_ONE_STEP = 3, 2
SMOKED = Options(has_smoke=True)


def released(world: World, *, is_bad: bool = False, is_unfit: bool = False) -> None:
    world.commit("code")
    world.publishing("checkout", is_bad=is_bad, is_unfit=is_unfit)


def open_rollout(world: World, minutes: int = 0, *, is_bad: bool = False) -> None:
    released(world, is_bad=is_bad)
    world.apply()
    world.minutes(minutes)


def moved_by_hand(world: World) -> None:
    open_rollout(world)
    world.others("weights off", LIVE)


def rejected(world: World) -> None:
    open_rollout(world)
    world.wish(("abort", "--because", "no"), LIVE)


def pinned(world: World) -> None:
    open_rollout(world)
    world.pin("stable", LIVE)


def without_rollout(world: World) -> None:
    open_rollout(world)
    world.leave("rollout", LIVE)


def replaced(world: World) -> None:
    open_rollout(world, 3)
    released(world)


@dataclass(frozen=True)
class Scene:
    """`prepare` leads up to where `words` are said."""

    prepare: Callable[[World], None]
    words: tuple[str, ...] = APPLY
    options: Options = SMOKED
    is_warm: bool = False


SCENES: Mapping[str, Scene] = {
    "begins": Scene(released),
    "begins at once": Scene(released, options=Options(AT_ONCE, has_smoke=True), is_warm=True),
    "does not pass": Scene(lambda world: released(world, is_unfit=True)),
    "is replaced": Scene(replaced),
    "goes a step": Scene(lambda world: open_rollout(world, 9), TICK),
    "is promoted": Scene(lambda world: open_rollout(world, 9), TICK, Options(IN_ONE_STEP), is_warm=True),
    "is over": Scene(lambda world: open_rollout(world, 9), TICK, Options(AT_ONCE)),
    "goes back": Scene(lambda world: open_rollout(world, 9, is_bad=True), TICK),
    "goes back from all": Scene(lambda world: open_rollout(world, 9, is_bad=True), TICK, Options(AT_ONCE), is_warm=True),
    "is aborted": Scene(open_rollout, ("rollout", "abort", ADDRESS, "--because", "no")),
    "is reset": Scene(moved_by_hand, ("rollout", "resume", ADDRESS, "--reset")),
    "is tried again": Scene(rejected, ("rollout", "retry", ADDRESS)),
    "is rolled back": Scene(open_rollout, ("rollback", ADDRESS, "--yes")),
    "ends by a pin": Scene(pinned),
    "ends without a rollout": Scene(without_rollout),
}  # fmt: skip
ACTS = ("a text", "weights off", "a third version", "promoted", "no marker", "no alias")
WRONG = ("a request is not carried out", "an answer is lost", "kill")


def is_write(operation: str) -> bool:
    return not operation.startswith((*READING, "DescribeAlarms"))


def begun(world: World, scene: Scene) -> None:
    world.begin(is_warm=scene.is_warm, options=scene.options)
    scene.prepare(world)


def plays(asked: list[str]) -> list[tuple[str, int]]:
    """What goes wrong, and at which call: everything at each, others before each that writes and after it."""
    at_all = [(what, number) for number in range(1, len(asked) + 1) for what in WRONG]
    writes = [number for number, name in enumerate(asked, start=1) if is_write(name)]
    return at_all + [(act, number + after) for number in writes for act in ACTS for after in (0, 1)]


def play(world: World, scene: Scene, what: str, number: int) -> None:
    begun(world, scene)
    if what == "kill":
        code = world.run(*scene.words, cut_after=number)
    elif what in ACTS:
        code = world.run(*scene.words, act=what, nth=number)
    else:
        code = world.run(*scene.words, goes=what, nth=number)
    if scene.words == APPLY and code == 0:
        assert world.house.verbs() == {}, world.states
    assert converges(world), world.house.run("apply", "--yes")


def converges(world: World) -> bool:
    """By ticks and applies, where people say how traffic that others moved is to be."""
    for _ in range(4):
        world.tick()
        world.apply()
        if world.is_applied:
            world.is_quiet()
            return True
        state = world.state() if LIVE in world.there else None
        if state and not state.is_whole:
            world.run("rollout", "resume", ADDRESS, "--reset")
        if LIVE in world.there and world.state().weights and not world.state().is_whole:
            world.others("weights off", LIVE)
    return False


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    clock = Clock(BEGUN)
    with pytest.MonkeyPatch.context() as patch, opened(patch, clock) as sandbox:
        yield opened_world(House(tmp_path_factory.mktemp("calls"), sandbox), clock, patch)


def wrong_plays(world: World, name: str, first: int, rounds: int) -> list[str]:
    """Of every so manieth play what does not hold; nothing when all is well."""
    scene, found = SCENES[name], []
    begun(world, scene)
    assert world.run(*scene.words) in (0, 27), name
    for what, number in plays(list(world.asked))[first % rounds :: rounds]:
        try:
            play(world, scene, what, number)
        except AssertionError as error:
            found.append(f"{name}: {what} at {number}: {error}")
    return found


@pytest.mark.sweep
@pytest.mark.parametrize("name", SCENES)
def test_whatever_goes_wrong_at_a_call_of_a_rollout_it_comes_to_where_git_and_aws_agree(
    world: World, name: str, request: pytest.FixtureRequest
) -> None:
    rounds = 1 if request.config.getoption("--whole") else 9
    assert not wrong_plays(world, name, list(SCENES).index(name), rounds)


@pytest.mark.parametrize("name", ["begins", "is promoted"])
def test_a_few_of_these(world: World, name: str) -> None:
    assert not wrong_plays(world, name, 5, 53)
