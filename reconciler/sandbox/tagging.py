"""The Resource Groups Tagging API: what Lambda holds is answered here, all else by moto, and both together where a question is about both.

A question and whom to ask of the others go in, an answer comes out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reconciler.sandbox.gate import Gate
from reconciler.sandbox.http.wire import Request, Response
from reconciler.sandbox.lambda_ import tags
from reconciler.sandbox.lambda_.state import Region
from reconciler.sandbox.refusals import Refused

TARGET = "ResourceGroupsTaggingAPI_20170126."
MOST = 100
Ask = Callable[[str, Mapping[str, Any]], dict[str, Any]]


class Elsewhere(Exception):
    """moto has refused; its response is the answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def answered(
    gate: Gate, request: Request, account: str, region: str, moto: Callable[[Request], Response]
) -> Response | None:
    """The response to a request; None when it is for no operation of this API."""
    operation = request.headers.get("x-amz-target", "").removeprefix(TARGET)
    if operation not in OPERATIONS or not request.headers.get("x-amz-target", "").startswith(TARGET):
        return None
    question = json.loads(request.body or b"{}")

    def ask(operation: str, question: Mapping[str, Any]) -> dict[str, Any]:
        headers = {**request.headers, "x-amz-target": TARGET + operation}
        response = moto(Request(request.method, request.path, request.query, headers, json.dumps(question).encode()))
        if response.status != 200:
            raise Elsewhere(response)
        return dict(json.loads(response.body))

    held, lock = gate.region(account, region)
    try:
        answer = OPERATIONS[operation](held, lock, question, ask)
    except Elsewhere as theirs:
        return theirs.response
    return Response(200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode())


# --- reads ---------------------------------------------------------------------------------------------------------


def _get_resources(region: Region, lock: Any, question: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    """What has tags and fits, by ARN, in pages."""
    kinds = question.get("ResourceTypeFilters") or []
    others = [kind for kind in kinds if not _is_lambda(kind)]
    found = []
    if not kinds or len(others) < len(kinds):
        with lock:
            found += _fitting(region, question)
    if not kinds or others:
        found += _theirs({**question, "ResourceTypeFilters": others}, ask)
    found.sort(key=lambda item: str(item["ResourceARN"]))
    token = question.get("PaginationToken") or "0"
    start, size = int(token) if token.isdigit() else 0, int(question.get("ResourcesPerPage") or MOST)
    end = start + size
    return {"ResourceTagMappingList": found[start:end], "PaginationToken": str(end) if len(found) > end else ""}


def _is_lambda(kind: str) -> bool:
    return kind.split(":")[0] == "lambda"


def _fitting(region: Region, question: Mapping[str, Any]) -> list[dict[str, Any]]:
    wanted = {item["Key"]: item.get("Values", []) for item in question.get("TagFilters", [])}
    kinds, arns = question.get("ResourceTypeFilters") or ["lambda"], question.get("ResourceARNList")
    return [
        {"ResourceARN": arn, "Tags": [{"Key": key, "Value": held[key]} for key in sorted(held)]}
        for arn, held in tags.everything(region).items()
        if held
        and {"lambda", f"lambda:{arn.split(':')[5]}"} & {*kinds}
        and (not arns or arn in arns)
        and all(key in held and (not values or held[key] in values) for key, values in wanted.items())
    ]


def _theirs(question: dict[str, Any], ask: Ask) -> list[dict[str, Any]]:
    """All that moto has, of all pages."""
    found, token = [], ""
    while True:
        page = ask("GetResources", question | {"PaginationToken": token, "ResourcesPerPage": MOST})
        found += [item for item in page["ResourceTagMappingList"] if not _is_ours(item["ResourceARN"])]
        token = page.get("PaginationToken") or ""
        if not token:
            return found


def _is_ours(arn: str) -> bool:
    return arn.split(":")[2:3] == ["lambda"]


def _get_tag_keys(region: Region, lock: Any, question: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    with lock:
        ours = {key for held in tags.everything(region).values() for key in held}
    return {"TagKeys": sorted({*ours, *ask("GetTagKeys", question).get("TagKeys", [])}), "PaginationToken": ""}


def _get_tag_values(region: Region, lock: Any, question: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    key = question["Key"]
    with lock:
        ours = {held[key] for held in tags.everything(region).values() if key in held}
    return {"TagValues": sorted({*ours, *ask("GetTagValues", question).get("TagValues", [])}), "PaginationToken": ""}


# --- changes -------------------------------------------------------------------------------------------------------


def _changed(
    lock: Any, question: Mapping[str, Any], ask: Ask, operation: str, change: Callable[[str], Any]
) -> dict[str, Any]:
    """Ours are changed here, the others by moto; what is refused is told by ARN."""
    arns = question.get("ResourceARNList", [])
    others = [arn for arn in arns if not _is_ours(arn)]
    failed = ask(operation, {**question, "ResourceARNList": others})["FailedResourcesMap"] if others else {}
    with lock:
        failed |= dict(_refusals((arn for arn in arns if _is_ours(arn)), change))
    return {"FailedResourcesMap": failed}


def _refusals(arns: Iterable[str], change: Callable[[str], Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for arn in arns:
        try:
            change(arn)
        except Refused as refused:
            yield (
                arn,
                {
                    "StatusCode": refused.status,
                    "ErrorCode": "InvalidParameterException",
                    "ErrorMessage": refused.message,
                },
            )


def _tag(region: Region, lock: Any, question: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    given = question.get("Tags", {})
    return _changed(
        lock, question, ask, "TagResources", lambda arn: tags.tag_resource(region, {"Resource": arn, "Tags": given}, 0)
    )  # fmt: skip


def _untag(region: Region, lock: Any, question: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    keys = question.get("TagKeys", [])
    return _changed(
        lock, question, ask, "UntagResources",
        lambda arn: tags.untag_resource(region, {"Resource": arn, "TagKeys": keys}, 0),
    )  # fmt: skip


OPERATIONS = {
    "GetResources": _get_resources,
    "GetTagKeys": _get_tag_keys,
    "GetTagValues": _get_tag_values,
    "TagResources": _tag,
    "UntagResources": _untag,
}
