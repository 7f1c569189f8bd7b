"""A process with one kind more than the release has: one value here, one word in the registry, its operations in the order.

Reserved concurrency, which the sandbox answers and no spec can say yet: the first that a function has one of at the most, so that its
section is no map of names. `python -m tests.kinds.one_kind_more` leads one through its life and prints what came of it as JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.core.model import Key, Live, Properties, Target
from reconciler.kinds import registry
from reconciler.kinds.base import (
    IS_REQUIRED,
    IS_THE_FUNCTION,
    Call,
    Kind,
    Reading,
    Section,
    Step,
    by_name,
    comparable_by,
    written_over,
)

PUT, DELETE = "PutFunctionConcurrency", "DeleteFunctionConcurrency"
MEMBER = "ReservedConcurrentExecutions"
CONCURRENCY = Section(
    name="concurrency",
    operation=PUT,
    refused={"FunctionName": IS_THE_FUNCTION},
    calls=(PUT,),
    no_default={MEMBER: IS_REQUIRED},
    about="How many executions are reserved for the function; `{}` reserves none.",
)


def live(target: Target, answer: Properties) -> Live | None:
    return Live(Key(target, "concurrency"), CONCURRENCY.cut(answer), {}) if MEMBER in answer else None


def normal(properties: Properties, _: str) -> dict[str, Any]:
    return dict(properties)


def create(function: str, _: str, properties: Properties) -> list[Step]:
    return [Step(PUT, {"FunctionName": function, **properties})]


KIND = Kind(
    name="concurrency",
    section="concurrency",
    sections=(CONCURRENCY,),
    noun="reserved concurrency",
    reading=Reading(lambda function, _: ("GetFunctionConcurrency", {"FunctionName": function}), live),
    calls=tuple(
        Call(name, "CONCURRENCY", name, f"Initializing {name}...", f"Finished {name}.") for name in (PUT, DELETE)
    ),
    normal=normal,
    identity=by_name,
    subject=by_name,
    create=create,
    update=lambda function, name, properties, _differing, _handle: create(function, name, properties),
    delete=lambda function, _name, _handle: [Step(DELETE, {"FunctionName": function})],
    compared=comparable_by(PUT),
    state=normal,
    after=written_over(CONCURRENCY, normal, DELETE),
)


def register() -> None:
    """What two lines of the registry would say. Before anybody asks it."""
    rank = registry.RANKS["version/PublishVersion"]
    new: Mapping[str, Any] = {
        "KINDS": {**registry.KINDS, KIND.name: KIND},
        "CALLS": {**registry.CALLS, **{call.operation: call for call in KIND.calls}},
        "RANKS": {**registry.RANKS, f"{KIND.name}/{PUT}": rank, f"{KIND.name}/{DELETE}": rank},
        "NAMED_SECTIONS": {**registry.NAMED_SECTIONS, KIND.section: KIND.name},
        "SECTION_NAMES": (*registry.SECTION_NAMES, KIND.section),
        "SECTIONS": (*registry.SECTIONS, CONCURRENCY),
    }
    for name, value in new.items():
        setattr(registry, name, value)
    from reconciler.files import validation
    from reconciler.spec.schema import GENERATORS, render

    written, anew = validation.schema_text, render("function", GENERATORS["function"]())
    validation.schema_text = lambda kind: anew if kind == "function" else written(kind)


def life() -> dict[str, Any]:
    """What came of one after the other: made, changed by somebody, changed by git, left to others, taken out, and gone."""
    import pytest

    from reconciler.sandbox.around.faults import Fault, Script
    from tests.apply.houses import ABSENT, house_of
    from tests.conftest import House, function_spec, opened

    with tempfile.TemporaryDirectory() as root, pytest.MonkeyPatch.context() as patch, opened(patch) as sandbox:
        house = house_of(House(Path(root), sandbox))
        told: dict[str, Any] = {}

        def says(extra: str, configuration: str = "") -> None:
            house.write("one.yaml", function_spec("one", extra=extra, configuration=configuration))

        def tell(step: str) -> None:
            """Verbs of the plan, exit code and calls of the apply, verbs of the next plan."""
            house.writes()
            verbs, code = house.verbs(), house.apply()["outcome"]["exit_code"]
            told[step] = {"plan": verbs, "code": code, "calls": house.writes(), "again": house.verbs()}

        patch.setattr("time.sleep", lambda _: None)
        says(f"concurrency: {{{MEMBER}: 5}}\n")
        tell("made")
        sandbox.gate.script = Script([Fault(PUT, nth=1, when="after", status=503)])
        says(f"concurrency: {{{MEMBER}: 0}}\n")
        tell("changed, and the answer lost")
        house.lambda_.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=9)
        tell("changed by somebody")
        house.lambda_.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=9)
        says(f"concurrency: {{{MEMBER}: 0}}\nignore: [/concurrency/{MEMBER}]\n")
        tell("one member left to others")
        says(f"concurrency: {{{MEMBER}: 0}}\nignore: [/concurrency]\n")
        tell("left to others")
        says(f"concurrency: {{{MEMBER}: 7}}\nignore: [/concurrency/Nothing]\n")
        told["wrong"] = house.run("validate").err
        says("")
        tell("no section")
        says("concurrency: {}\n")
        tell("emptied")
        says(f"allow_replace: true\nconcurrency: {{{MEMBER}: 3}}\n")
        tell("made again")
        says(f"allow_replace: true\nconcurrency: {{{MEMBER}: 3}}\n", "TenancyConfig: {TenantIsolationMode: PER_TENANT}")
        tell("replaced with its function")
        told["listed"] = house.run("functions").json()[0]["concurrency"]
        told["address"] = [
            item["name"] for item in house.run("snapshot").json()["resources"] if item["kind"] == KIND.name
        ]
        house.write("one.yaml", ABSENT.format("one"))
        (export,) = house.apply()["exports"]
        return told | {"exported": export["spec"]["concurrency"]}


if __name__ == "__main__":
    register()
    sys.stdout.write(json.dumps(life()))
