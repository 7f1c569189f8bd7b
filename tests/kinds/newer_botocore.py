"""A process in which botocore is newer than this release: its Lambda model has members that no line of ours names.

`python -m tests.kinds.newer_botocore FOLDER` writes the model to FOLDER, changes specs on a sandbox that has it, too, and prints what
came of it as JSON. A process of its own, because the model is read once and for all.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SHAPES: Mapping[str, Any] = {
    "NewNumber": {"type": "integer", "min": 0, "max": 9},
    "NewFlag": {"type": "boolean"},
    "NewText": {"type": "string"},
    "NewTexts": {"type": "list", "member": {"shape": "NewText"}},
    "NewDetail": {"type": "structure", "members": {"Depth": {"shape": "NewNumber"}, "Texts": {"shape": "NewTexts"}}},
    "NewStructure": {
        "type": "structure",
        "members": {"Mode": {"shape": "NewText"}, "IsOn": {"shape": "NewFlag"}, "Detail": {"shape": "NewDetail"}},
    },
}
MEMBERS: Mapping[str, Any] = {
    "NewNumber": {"shape": "NewNumber"},
    "NewFlag": {"shape": "NewFlag"},
    "NewText": {"shape": "NewText"},
    "NewTexts": {"shape": "NewTexts"},
    "NewStructure": {"shape": "NewStructure"},
}
VALUES: Mapping[str, Any] = {
    "NewNumber": 7,
    "NewFlag": False,
    "NewText": "slow",
    "NewTexts": ["b", "a"],
    "NewStructure": {"Mode": "fast", "IsOn": False, "Detail": {"Depth": 0, "Texts": ["x"]}},
}
HAVE_THEM = {
    "configuration": ("CreateFunctionRequest", "UpdateFunctionConfigurationRequest", "FunctionConfiguration"),
    "event_source_mappings": (
        "CreateEventSourceMappingRequest",
        "UpdateEventSourceMappingRequest",
        "EventSourceMappingConfiguration",
    ),
    "code": ("FunctionCode", "UpdateFunctionCodeRequest", "FunctionCodeLocation"),
    "aliases": ("CreateAliasRequest", "UpdateAliasRequest", "AliasConfiguration"),
    "code_signing": (
        "PutFunctionCodeSigningConfigRequest", "PutFunctionCodeSigningConfigResponse", "GetFunctionCodeSigningConfigResponse",
    ),
    "concurrency": ("PutFunctionConcurrencyRequest", "Concurrency"),
    "recursion": (
        "PutFunctionRecursionConfigRequest", "PutFunctionRecursionConfigResponse", "GetFunctionRecursionConfigResponse",
    ),
    "runtime_management": (
        "PutRuntimeManagementConfigRequest", "PutRuntimeManagementConfigResponse", "GetRuntimeManagementConfigResponse",
    ),
    "scaling": ("FunctionScalingConfig",),
    "event_invoke": ("PutFunctionEventInvokeConfigRequest", "FunctionEventInvokeConfig"),
    "urls": (
        "CreateFunctionUrlConfigRequest", "CreateFunctionUrlConfigResponse", "UpdateFunctionUrlConfigRequest",
        "UpdateFunctionUrlConfigResponse", "GetFunctionUrlConfigResponse", "FunctionUrlConfig",
    ),
    "permissions": ("AddPermissionRequest",),
}  # fmt: skip


# What a condition of a policy can hold; what a structure would look like there nobody knows.
AS_CONDITIONS = ("NewFlag", "NewText")
TRUTHS = {"true": True, "false": False}


def values_of(section: str) -> dict[str, Any]:
    return {name: value for name, value in VALUES.items() if section != "permissions" or name in AS_CONDITIONS}


def write_model(folder: Path, original: Path) -> None:
    """botocore's data with the members added."""
    lambda_, version = folder / "lambda", "2015-03-31"
    (lambda_ / version).mkdir(parents=True)
    for path in original.iterdir():
        if path.name != "lambda":
            (folder / path.name).symlink_to(path)
    for path in (original / "lambda" / version).iterdir():
        if not path.name.startswith("service-2"):
            (lambda_ / version / path.name).symlink_to(path)
    model = json.loads(gzip.decompress((original / "lambda" / version / "service-2.json.gz").read_bytes()))
    model["shapes"] |= SHAPES
    for section, shapes in HAVE_THEM.items():
        for shape in shapes:
            model["shapes"][shape]["members"] |= {name: MEMBERS[name] for name in values_of(section)}
    (lambda_ / version / "service-2.json").write_text(json.dumps(model), encoding="utf-8")


SIGNING = "arn:aws:lambda:us-west-2:123456789012:code-signing-config:csc-0123456789abcdefg"
PROVIDER = "arn:aws:lambda:us-west-2:123456789012:capacity-provider:p"
PROVIDED = {
    "CapacityProviderConfig": {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": PROVIDER}}
}
# Where a section has its members: below a name, or, where a function has one of it at the most, in itself.
ENTRIES: Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]] = {
    "permissions": (
        ("live", "a"),
        {"Action": "lambda:InvokeFunction", "Principal": "1" * 12, "SourceAccount": "1" * 12},
    ),
    "aliases": (("live",), {"FunctionVersion": "published"}),
    "code_signing": ((), {"CodeSigningConfigArn": SIGNING}),
    "concurrency": ((), {"ReservedConcurrentExecutions": 5}),
    "recursion": ((), {"RecursiveLoop": "Allow"}),
    "runtime_management": ((), {"UpdateRuntimeOn": "FunctionUpdate"}),
    "scaling": (("1",), {"MinExecutionEnvironments": 1}),
    "event_invoke": (("live",), {"MaximumRetryAttempts": 1}),
    "urls": (("live",), {"AuthType": "AWS_IAM"}),
    "event_source_mappings": (("q",), {"EventSourceArn": "arn:aws:sqs:us-west-2:123456789012:orders"}),
}


def spec(section: str, members: Mapping[str, Any]) -> str:
    """A small spec with a resource of every kind, which says these members in one section. JSON is YAML."""
    from tests.conftest import ROLE

    said: dict[str, Any] = {
        "function": "one",
        "publish": True,
        "configuration": {"Runtime": "python3.13", "Handler": "app.handler", "Role": ROLE, **PROVIDED},
        "code": {"S3Bucket": "artifacts", "S3Key": "v1.zip"},
    }
    for name, (names, entry) in ENTRIES.items():
        below = {**entry, **(members if name == section else {})}
        for step in reversed(names):
            below = {step: below}
        said[name] = below
    if section not in ENTRIES:
        said[section].update(members)
    return json.dumps(said)


def outcome(section: str, start: Mapping[str, Any]) -> dict[str, Any]:
    """What comes of a spec that has first `start`, then all new members, then none of them."""
    import pytest

    from tests.conftest import CONFIG, House, opened

    with tempfile.TemporaryDirectory() as root, pytest.MonkeyPatch.context() as patch, opened(patch) as sandbox:
        house = House(Path(root), sandbox)
        house.write("reconcile.yaml", CONFIG, stock=False)
        house.write("one.yaml", spec(section, start))
        told = {"started": house.apply()["outcome"]["exit_code"]}
        house.write("one.yaml", spec(section, values_of(section)))
        told |= {"validated": house.run("validate").exit_code, "applied": house.apply()["outcome"]["exit_code"]}
        told |= {"held": held(house.lambda_)[section], "again": house.verbs()}
        house.write("one.yaml", spec(section, {}))
        plan = house.plan()
        verbs = {action["address"]: action["verb"] for target in plan["targets"] for action in target["actions"]}
        return told | {"dropped": verbs, "warnings": [item["message"] for item in plan["diagnostics"]]}


def held(client: Any) -> dict[str, Any]:
    """What AWS answers of the new members, by section."""
    function = client.get_function(FunctionName="one")
    (mapping,) = client.list_event_source_mappings()["EventSourceMappings"]
    (statement,) = json.loads(client.get_policy(FunctionName="one", Qualifier="live")["Policy"])["Statement"]
    conditions = {key: value for keys in statement["Condition"].values() for key, value in keys.items()}
    answers = {
        "configuration": function["Configuration"],
        "code": function["Code"],
        "code_signing": client.get_function_code_signing_config(FunctionName="one"),
        "concurrency": function["Concurrency"],
        "aliases": client.get_alias(FunctionName="one", Name="live"),
        "recursion": client.get_function_recursion_config(FunctionName="one"),
        "runtime_management": client.get_runtime_management_config(FunctionName="one"),
        "scaling": client.get_function_scaling_config(FunctionName="one", Qualifier="1")[
            "RequestedFunctionScalingConfig"
        ],
        "event_invoke": client.get_function_event_invoke_config(FunctionName="one", Qualifier="live"),
        "urls": client.get_function_url_config(FunctionName="one", Qualifier="live"),
        "event_source_mappings": mapping,
        "permissions": {key.removeprefix("lambda:"): TRUTHS.get(value, value) for key, value in conditions.items()},
    }
    return {section: {name: said[name] for name in VALUES if name in said} for section, said in answers.items()}


def main(folder: Path) -> None:
    from botocore.loaders import Loader

    write_model(folder, Path(Loader.BUILTIN_DATA_PATH))
    Loader.BUILTIN_DATA_PATH = str(folder)
    from reconciler.files import validation
    from reconciler.spec.schema import GENERATORS, render

    written = validation.schema_text  # the schema is generated anew, as the recipe says
    anew = render("function", GENERATORS["function"]())
    validation.schema_text = lambda kind: anew if kind == "function" else written(kind)
    told = {
        f"{section}, {when}": outcome(section, start)
        for section in HAVE_THEM
        for when, start in (("created", values_of(section)), ("updated", {}))
    }
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
