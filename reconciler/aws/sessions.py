"""By whose rights and how AWS is spoken to: sessions of the accounts of reconcile.yaml, and what their clients are like.

A session either has credentials or is refused with the account's name and what helps: botocore's credential providers
raise whatever their files, processes and services do. It never calls anything but STS.
"""

from __future__ import annotations

import getpass
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from copy import copy
from functools import cache, partial
from typing import Any

import boto3
import botocore.session
from botocore import handlers
from botocore.config import Config as ClientConfig
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.hooks import HierarchicalEmitter
from botocore.loaders import create_loader

from reconciler import __version__
from reconciler.aws.bodies import stream_files
from reconciler.core.accounts import Account
from reconciler.core.errors import AwsError, CallFailed, NoCredentials

CLIENT_ATTEMPTS = 8
# The numbers bound how long one call may take; who slows down when AWS throttles is `pace`.
CLIENT = ClientConfig(
    retries={"mode": "standard", "total_max_attempts": CLIENT_ATTEMPTS},
    connect_timeout=10,
    read_timeout=70,
    max_pool_connections=64,
    user_agent_extra=f"lambda-reconciler/{__version__}",
)
# urllib3 leaves the connect timeout on the socket while a body is sent, so it bounds the whole upload: 50 MiB of code in
# base64 take 300 s at 2 Mbit/s. What is unreachable was found out by smaller calls before.
UPLOADING = CLIENT.merge(ClientConfig(connect_timeout=300))
# An invocation is never repeated by itself, and may take as long as a function may run, in silence.
ONCE = CLIENT.merge(
    ClientConfig(retries={"total_max_attempts": 1}, connect_timeout=60, read_timeout=910, tcp_keepalive=True)
)
# A change is not repeated by botocore: whoever asks for it looks before it is sent again.
UNREPEATED = ClientConfig(retries={"mode": "standard", "total_max_attempts": 1})
LARGE_BODY_BYTES = 2**16

# What helps, by how AWS's code or the name of botocore's exception begins or what it holds; the first that fits. `{flag}` names the profile.
MENDS: Mapping[str, str] = {
    "NoCredentials": "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write `profile` in reconcile.yaml",
    "ProfileNotFound": "write a `profile` that the AWS configuration has, or set AWS_PROFILE to one (`aws configure list-profiles`)",
    "Partial|ConfigParse|ConfigNotFound|InvalidConfig|InfiniteLoop": "mend the AWS configuration",
    "SSO|Login|TokenRetrieval|ExpiredToken|PendingAuthorization": "sign in again (`aws sso login{flag}`), or renew the credentials",
    "InvalidClientTokenId|UnrecognizedClient|Signature": "set keys that AWS knows (`aws configure{flag}`), and the clock",
    "AccessDenied|Unauthorized|Forbidden": "let these credentials assume the role, and the role trust them",
    "^OSError|FileNotFound|Permission|IsADirectory|NotADirectory": "make the file that is named there, and readable",
    "Connect|Timeout|HTTPClient|ServiceUnavailable|Throttl|InternalFailure": "try again later",
}
UNTAKEN = "ExpiredToken|InvalidClientTokenId|UnrecognizedClient|Signature"
UNKNOWN = "check `profile` and `assumeRole` in reconcile.yaml, and the AWS configuration"

_LOADER = create_loader()  # reads each of botocore's data files once, for all accounts


def carries_bytes(value: Any) -> bool:
    """Whether params hold so many bytes that sending them takes a while."""
    match value:
        case Mapping():
            return any(map(carries_bytes, value.values()))
        case bytes():
            return len(value) > LARGE_BODY_BYTES
    return hasattr(value, "read")  # a file


def opened(account: Account, region: str) -> boto3.Session:
    """A session of an account that has credentials now; they renew themselves. Raises NoCredentials."""
    try:
        core = core_session(account.profile, region)
        ask_by(core, answer_to)
        session = boto3.Session(botocore_session=core, region_name=region)
        session = assuming(core, account, region) if account.role_arn else session
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentials("unable to locate credentials")  # noqa: TRY301  told like what botocore raises
        credentials.get_frozen_credentials()
    except Exception as error:  # files, processes, browsers' caches: their faults come in every kind
        raise without_credentials(account, error) from error
    return session


def core_session(profile: str = "", region: str = "") -> botocore.session.Session:
    """A botocore session that shares the data that all sessions read, and asks STS where it works."""
    hooks = copy(_builtin_hooks(tuple(handlers.BUILTIN_HANDLERS)))
    core = botocore.session.Session(event_hooks=hooks, include_builtin_handlers=False, profile=profile or None)
    core.register_component("data_loader", _LOADER)
    core.set_config_variable("sts_regional_endpoints", "regional")
    if region:
        core.set_config_variable("region", region)
    return core


@cache
def _builtin_hooks(_: tuple[Any, ...]) -> HierarchicalEmitter:
    """botocore's event hooks with its built-in handlers and ours, which take longer to register than all else of a session. Libraries
    (moto) add to the handlers while they are imported."""
    hooks = HierarchicalEmitter()
    botocore.session.Session(event_hooks=hooks)
    stream_files(hooks)
    return hooks


def assuming(core: botocore.session.Session, account: Account, region: str) -> boto3.Session:
    """A session with the account's role, whose credentials renew themselves however long the run takes. Everything else
    that the profile says of endpoints, certificates and the like holds for it as well."""
    source = core.get_credentials()
    if source is None:
        raise NoCredentials(f"unable to locate credentials to assume {account.assume_role} with")
    extra: dict[str, Any] = {"RoleSessionName": account.session_name or "reconcile"}
    if account.external_id:
        extra["ExternalId"] = account.external_id
    if account.session_duration_seconds:
        extra["DurationSeconds"] = account.session_duration_seconds
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(core.create_client, region_name=region, config=CLIENT),
        source_credentials=source,
        role_arn=account.role_arn,
        extra_args=extra,
    )
    assumed = core_session(account.profile, region)
    setattr(assumed, "_credentials", DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role"))  # noqa: B010
    return boto3.Session(botocore_session=assumed, region_name=region)


def ask_by(core: botocore.session.Session, prompter: Callable[[str], str]) -> None:
    """Have MFA codes asked for by `prompter`; botocore's own waits for one wherever stdin may come from."""
    provider = core.get_component("credential_provider").get_provider("assume-role")
    setattr(provider, "_prompter", prompter)  # noqa: B010


def answer_to(question: str) -> str:
    """What the person at the terminal answers. Raises NoCredentials where there is none."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise NoCredentials("the profile wants an MFA code, and there is no terminal to ask on")
    return getpass.getpass(question)


def without_credentials(account: Account, error: Exception) -> NoCredentials:
    """Why an account has no credentials, and what helps. What is neither AWS's, botocore's nor the system's word is named
    by its kind alone: it could repeat what it could not read."""
    is_speaking = isinstance(error, BotoCoreError | ClientError | OSError | NoCredentials)
    what = str(error) if is_speaking else f"{type(error).__name__} when the credentials were read"
    return NoCredentials(f"account {account.name}: {what}; {mend(account, code_of(error))}")


def refused(account: Account, failure: CallFailed) -> AwsError:
    """That AWS does not take the credentials of an account, with what helps; the failure itself where it says something else."""
    if not re.search(UNTAKEN, failure.code):
        return failure
    return NoCredentials(f"account {account.name}: {failure} ({failure.code}); {mend(account, failure.code)}")


def code_of(error: Exception) -> str:
    """AWS's code, or the name of the exception."""
    code = str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""
    return code or type(error).__name__


def mend(account: Account, code: str) -> str:
    profile = profile_of(account)
    text = next((text for pattern, text in MENDS.items() if re.search(pattern, code)), UNKNOWN)
    return text.format(flag=f" --profile {shlex.quote(profile)}" if profile else "")


def profile_of(account: Account) -> str:
    """The profile that the credentials of an account are of, by reconcile.yaml or else by AWS's variables; empty where none is named."""
    return account.profile or os.environ.get("AWS_DEFAULT_PROFILE") or os.environ.get("AWS_PROFILE", "")


def usual_region() -> str:
    """The region that the environment or the AWS configuration names; empty where neither does."""
    named = os.environ.get("AWS_REGION") or botocore.session.Session().get_config_variable("region")
    return str(named or "")
