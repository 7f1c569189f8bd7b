"""The specs of the story."""

from __future__ import annotations

import json

from tests.apply.houses import ABSENT, OURS
from tests.conftest import function_spec

SECRET = "sentinel-5f1d9a"
ROTATED = f"{SECRET}-2"
CHECKOUT = "publish: true\naliases: {live: {FunctionVersion: published}}\n"
WHERE = "test/us-west-2"


def spec(name: str, seconds: int = 3, *, extra: str = "", **settings: object) -> str:
    """A function; how long it may run stands in line 8."""
    lines = [f"Timeout: {seconds}", *(f"{key}: {json.dumps(value)}" for key, value in settings.items())]
    return function_spec(name, configuration="\n".join(lines), extra=extra)


def checkout(seconds: int, *, extra: str = "", secret: str = ROTATED) -> str:
    """The one with customers: it has a secret, versions, and an alias that they come by."""
    return spec("checkout", seconds, extra=CHECKOUT + extra, Environment={"Variables": {"TOKEN": secret}})


def absent(name: str) -> str:
    return ABSENT.format(name)


def house(**settings: object) -> str:
    """reconcile.yaml."""
    return OURS + "".join(f"{name}: {json.dumps(value)}\n" for name, value in settings.items())


def noticed(file: str, seconds: int, was: int = 3, *, more: str = "") -> str:
    """The notice at the line of a timeout."""
    change = f"configuration.Timeout: {was} → {seconds} in AWS{more} ({WHERE}/{file.rpartition('/')[2]})"
    return f"notice file=specs/{file}.yaml,line=8::{change}"


def added(name: str, seconds: int = 3, *, code: str = "FFSfwXx1/XsGVTymZXyp/TlrZfxPuiDFuKqMYX4RSxQ=") -> list[str]:
    """The notices at the lines of a spec that is new."""
    at = f"in AWS ({WHERE}/{name})"
    role = "arn:aws:iam::123456789012:role/lambda"
    return [
        f"notice file=specs/{name}.yaml,line={line}::{'%0A'.join(f'{what} {at}' for what in texts)}"
        for line, texts in (
            (
                9,
                [
                    f"code.CodeSha256: (unset) → {code}",
                    "code.S3Bucket: (unset) → artifacts",
                    "code.S3Key: (unset) → v1.zip",
                ],
            ),
            (6, ["configuration.Handler: (unset) → lambda_function.lambda_handler"]),
            (7, [f"configuration.Role: (unset) → {role}"]),
            (5, ["configuration.Runtime: (unset) → python3.13"]),
            (8, [f"configuration.Timeout: (unset) → {seconds}"]),
        )
    ]
