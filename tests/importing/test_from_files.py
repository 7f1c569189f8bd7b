"""`reconcile import --from`: what recorded files of every source tell, where the functions live that they tell of."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reconciler.importing.readers import READERS, read
from reconciler.importing.told import File, Reader, Said
from tests.apply.strangers import zip_of
from tests.conftest import ACCOUNT, REGION, ROLE, House, function_spec
from tests.importing.moving_in import is_taken_over, living

RECORDED = Path(__file__).parent / "recorded"
SECRET = "hunter2"
LEAST = 3  # of each reader
SOURCES = {
    f"{place.parent.name}/{place.stem}": sorted(place.iterdir()) if place.is_dir() else [place]
    for place in sorted(RECORDED.glob("*/*"))
}


class Account:
    """Functions that live as a source tells of them; `texts` are its files, with the UUIDs that AWS gave here."""

    def __init__(self, house: House, paths: Sequence[Path]) -> None:
        self.house = house
        texts = {path.name: path.read_text().replace("eu-west-1", REGION) for path in paths}
        self.texts = {name: text.replace("spinnaker-lambda", "test") for name, text in texts.items()}
        [(self.reader, told)] = read([File(name, text) for name, text in self.texts.items()])
        self.functions = told.functions
        sources = "".join(f"  q{n}: {{EventSourceArn: {queue(n)}}}\n" for n in range(len(self.functions)))
        living(house, function_spec("stock", extra=f"event_source_mappings:\n{sources}"))
        for number, said in enumerate(self.functions):
            self.make(said, number)
        for name, text in self.texts.items():
            (house.root / name).write_text(text)

    def make(self, said: Said, number: int) -> None:
        client, name, sections = self.house.lambda_, said.function, {part.section for part in said.parts}
        content = zip_of(name)
        if said.code.get("S3Bucket") == "artifacts":
            self.house.sandbox.clients.get("s3", ACCOUNT, REGION).put_object(
                Bucket="artifacts", Key=said.code["S3Key"], Body=content
            )
        client.create_function(
            FunctionName=name, Runtime="python3.13", Handler="app.handle", Role=ROLE, Code={"ZipFile": content},
            Environment={"Variables": {"TOKEN": SECRET}}, Publish=True,
        )  # fmt: skip
        client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        if "permissions" in sections:
            client.add_permission(
                FunctionName=name, Qualifier="live", StatementId="topic", Action="lambda:InvokeFunction",
                Principal="sns.amazonaws.com", SourceArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:topic",
            )  # fmt: skip
        if "urls" in sections:
            client.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")
        if "event_invoke" in sections:
            client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
        if "event_source_mappings" in sections:
            made = client.create_event_source_mapping(FunctionName=name, EventSourceArn=queue(number))
            for uuid in said.labels:
                self.texts = {path: text.replace(uuid, made["UUID"]) for path, text in self.texts.items()}

    def files(self) -> Sequence[str]:
        return [word for name in self.texts for word in ("--from", name)]

    def specs(self) -> dict[str, Any]:
        return {path.name: path.read_text() for path in (self.house.root / "specs").glob("*.yaml")}


def queue(number: int) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue-{number}"


@pytest.mark.parametrize("source", SOURCES)
def test_what_a_source_tells_is_imported_and_taken_over_with_nothing_to_change(house: House, source: str) -> None:
    account = Account(house, SOURCES[source])
    result = house.run("import", *account.files(), "--format", "json")
    assert result.exit_code == 0, result.out + result.err
    document = json.loads(result.out)
    assert sorted(name.rpartition("/")[2] for file in document["files"] for name in file["addresses"]) == sorted(
        said.function for said in account.functions
    )
    specs = "\n".join(account.specs().values())
    for said in account.functions:
        assert all(f"  {label}:" in specs for label in said.labels.values())
        assert all(symbol in specs for path, symbol in said.symbols.items() if path == "/configuration/Role")
        assert said.code.get("S3Bucket") != "artifacts" or f"S3Key: {said.code['S3Key']}" in specs.replace('"', "")
    [handed] = document["hand_over"]
    owned = {part.name for said in account.functions for part in said.parts if f"\n{part.section}:" in specs}
    assert [name for name in owned if last_word(name) not in handed["text"]] == []
    assert SECRET not in specs + result.out + result.err
    assert is_taken_over(house)


def last_word(name: str) -> str:
    """What any way to let go of a part must name: an address without its key, an id without its stack."""
    return re.sub(r"\[.*?\]", "", name).rpartition("/")[2]


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_every_reader_has_three_recorded_inputs_or_more(reader: Reader) -> None:
    assert sum(source.startswith(f"{reader.name}/") for source in SOURCES) >= LEAST
