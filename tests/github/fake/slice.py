"""Cuts out of GitHub's OpenAPI description what the product asks for: python -m tests.github.fake.slice api.github.com.json

The description is `generated/api.github.com.json` of the npm package @octokit/openapi. What is left are the operations below with one
example of their answer, and what they refer to, without prose; `nullable` is put in JSON Schema's words.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS = (
    ("get", "/user"),
    ("get", f"{REPOSITORY}/actions/artifacts"),
    ("get", f"{REPOSITORY}/actions/artifacts/{{artifact_id}}/{{archive_format}}"),
    ("get", f"{REPOSITORY}/actions/runs"),
    ("get", f"{REPOSITORY}/actions/runs/{{run_id}}"),
    ("get", f"{REPOSITORY}/actions/runs/{{run_id}}/artifacts"),
    ("post", f"{REPOSITORY}/check-runs"),
    ("patch", f"{REPOSITORY}/check-runs/{{check_run_id}}"),
    ("get", f"{REPOSITORY}/commits/{{commit_sha}}/pulls"),
    ("get", f"{REPOSITORY}/commits/{{ref}}/check-runs"),
    ("get", f"{REPOSITORY}/issues"),
    ("post", f"{REPOSITORY}/issues"),
    ("patch", f"{REPOSITORY}/issues/comments/{{comment_id}}"),
    ("patch", f"{REPOSITORY}/issues/{{issue_number}}"),
    ("get", f"{REPOSITORY}/issues/{{issue_number}}/comments"),
    ("post", f"{REPOSITORY}/issues/{{issue_number}}/comments"),
    ("get", f"{REPOSITORY}/pulls"),
    ("get", f"{REPOSITORY}/pulls/{{pull_number}}"),
)
PROSE = {"description", "summary", "title", "example", "examples", "externalDocs", "tags", "links", "x-multi-segment"}
SLICE = Path(__file__).parent / "openapi.json"
Tree = Any


def cut(description: Mapping[str, Any]) -> dict[str, Any]:
    paths: dict[str, dict[str, Any]] = {}
    for method, path in OPERATIONS:
        paths.setdefault(path, {})[method] = _operation(description["paths"][path][method])
    components: dict[str, dict[str, Any]] = {}
    waiting = list(_references(paths))
    while waiting:
        kind, name = waiting.pop()
        if name not in components.setdefault(kind, {}):
            part = description["components"][kind][name]
            components[kind][name] = part if kind == "examples" else _plain(part)
            waiting += _references(components[kind][name])
    return {"info": description["info"]["version"], "paths": paths, "components": components}


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = _plain(
        {name: operation[name] for name in ("operationId", "parameters") if name in operation}
    )
    if "requestBody" in operation:
        kept["requestBody"] = _plain(operation["requestBody"])
    kept["responses"] = {status: _response(answer) for status, answer in operation["responses"].items()}
    return kept


def _response(answer: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = _plain(answer)
    for media, content in answer.get("content", {}).items():
        for example in list(content.get("examples", {}).values())[:1]:
            kept["content"][media]["example"] = example
    return kept


def _plain(part: Tree, *, is_map: bool = False) -> Tree:
    """Without prose; below `is_map` the names are those of members, which may be called as prose is."""
    match part:
        case list():
            return [_plain(item) for item in part]
        case dict() if is_map:
            return {name: _plain(value) for name, value in part.items()}
        case dict():
            kept = {
                name: value if name == "enum" else _plain(value, is_map=name in ("properties", "schemas"))
                for name, value in part.items()
                if name not in PROSE | {"nullable"} and not name.startswith("x-github")
            }
            return {"anyOf": [{"type": "null"}, kept]} if part.get("nullable") is True else kept
    return part


def _references(part: Tree) -> Iterator[tuple[str, str]]:
    match part:
        case list():
            for item in part:
                yield from _references(item)
        case dict():
            if isinstance(part.get("$ref"), str):
                _, _, kind, name = part["$ref"].split("/")
                yield kind, name
            for value in part.values():
                yield from _references(value)


def written(slice_: Mapping[str, Any]) -> str:
    return json.dumps(slice_, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SLICE.write_text(written(cut(json.loads(Path(sys.argv[1]).read_text()))))
