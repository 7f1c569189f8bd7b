"""What a command costs grows with what changed, or with what there is, and never with the one times the other: calls are counted."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.diff import steps_of
from reconciler.files import reading, repository, strict_yaml
from reconciler.plan import cause
from reconciler.report import records
from reconciler.sandbox.server import Sandbox
from reconciler.spec.history import History
from tests.apply.houses import commit, house_of
from tests.conftest import House, function_spec

COMMANDS = {
    "causes": ["--base", "HEAD~1"],
    "what changed": ["--base", "HEAD~1", "--changed-since", "HEAD~1"],
    "drift": ["--drift", "--base", "HEAD~1"],
}


def spec(name: str, timeout: int = 5) -> str:
    text = function_spec(name, configuration=f"Timeout: {timeout}")
    return text.replace("code: {S3Bucket: artifacts, S3Key: v1.zip}", f"code: {{path: ../src/{name}}}")


def house_with(house: House, functions: int, changed: int) -> None:
    """So many functions with local code that are all still to be created; a second commit changes some."""
    house_of(house)
    subprocess.run(["git", "init", "-q"], cwd=house.root, check=True)
    (house.root / ".gitignore").write_text("reports\nsnapshot.json\n")
    for number in range(functions):
        house.write(f"f{number}.yaml", spec(f"f{number}"))
        code = house.root / "src" / f"f{number}"
        code.mkdir(parents=True)
        (code / "app.py").write_text("one\n")
    commit(house.root, "first")
    for number in range(changed):
        house.write(f"f{number}.yaml", spec(f"f{number}", timeout=6))
    commit(house.root, "second")
    assert house.run("snapshot", "-o", str(house.root / "snapshot.json")).exit_code == 0


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each command of git is started, objects are asked for, and files parsed."""
    count = Counter[str]()
    git, parse = repository._git, strict_yaml.parse

    def started(folder: Path, words: Any, environment: Any, text: bytes = b"") -> bytes:
        count[words[0]] += 1
        count["objects"] += len(text.splitlines()) if words[:2] == ("cat-file", "--batch") else 0
        return git(folder, words, environment, text)

    def parsed(text: bytes | str, path: str) -> strict_yaml.Document:
        count["parsed"] += 1
        return parse(text, path)

    monkeypatch.setattr(repository, "_git", started)
    monkeypatch.setattr(strict_yaml, "parse", parsed)
    return count


Costs = Callable[[int, int], dict[str, int]]


@pytest.fixture
def costs(tmp_path: Path, sandbox: Sandbox, counted: Counter[str], request: pytest.FixtureRequest) -> Costs:
    def of(functions: int, changed: int) -> dict[str, int]:
        house = House(tmp_path / f"{functions}-{changed}", sandbox)
        house.root.mkdir()
        house_with(house, functions, changed)
        counted.clear()
        result = house.run("plan", "--snapshot", str(house.root / "snapshot.json"), *COMMANDS[request.param])
        assert result.exit_code == 0, result.err
        return dict(counted)

    return of


@pytest.mark.parametrize("costs", COMMANDS, indirect=True)
def test_git_is_started_as_often_however_many_functions_there_are(costs: Costs) -> None:
    few, many = costs(3, 1), costs(12, 1)
    assert {**many, "parsed": 0} == {**few, "parsed": 0}
    assert many["parsed"] - few["parsed"] <= 2 * 9


@pytest.mark.parametrize("costs", ["causes"], indirect=True)
def test_a_changed_file_is_read_once_and_blamed_once(costs: Costs) -> None:
    few, many = costs(6, 1), costs(6, 5)
    assert many["objects"] - few["objects"] == 4
    assert many["blame"] - few["blame"] == 4


def test_who_touched_a_file_is_asked_once_however_much_of_it_is_gone(house: House, counted: Counter[str]) -> None:
    subprocess.run(["git", "init", "-q"], cwd=house.root, check=True)
    for timeout in (5, 6):
        house.write("one.yaml", spec("one", timeout))
        commit(house.root, "more")
    history = History(house.root)
    told = [history.authors_since("HEAD~1", [str(house.root / "specs" / "one.yaml")]) for _ in range(3)]
    assert [len(authors) for authors in told] == [1, 1, 1]
    assert counted["rev-list"] == 1


def mappings(count: int, batch: int) -> str:
    lines = (
        f"  m{number}: {{EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q{number}', BatchSize: {batch}}}\n"
        for number in range(count)
    )
    return function_spec(extra="event_source_mappings:\n" + "".join(lines))


def test_causes_of_one_function_look_at_each_of_its_values_once(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = Counter[str]()

    def counted(at: str) -> tuple[str, ...]:
        looked["at"] += 1
        return steps_of(at)

    monkeypatch.setattr(cause, "steps_of", counted)

    def looks(count: int) -> int:
        house = house_of(House(tmp_path / str(count), sandbox))
        subprocess.run(["git", "init", "-q"], cwd=house.root, check=True)
        for batch in (10, 5):
            house.write("one.yaml", mappings(count, batch))
            commit(house.root, "more")
        assert house.run("snapshot", "-o", str(house.root / "snapshot.json")).exit_code == 0
        looked.clear()
        result = house.run("plan", "--snapshot", str(house.root / "snapshot.json"), "--base", "HEAD~1")
        assert result.exit_code == 0, result.err
        return looked["at"]

    assert looks(20) <= 4 * looks(5)


def test_the_newest_task_opens_one_report_of_many(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write("checkout.yaml", function_spec())
    house.apply()
    (written,) = (house.root / "reports").glob("*.json")
    for number in range(50):
        (written.parent / f"20200101T0000{number:02}000000Z-{number:012}.json").write_bytes(written.read_bytes())
    opened: list[Path] = []

    def read(path: Path, most: int) -> bytes:
        opened.append(path)
        return reading.contents(path, most)

    monkeypatch.setattr(records, "contents", read)
    assert house.run("tasks", "--newest", "1").exit_code == 0
    assert [path.name for path in opened] == [written.name]
