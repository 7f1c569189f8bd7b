"""The environment that leads any AWS client to the sandbox, and to no account of the user's.

A folder is given for the two files that AWS clients read; nothing else of the machine is touched or read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.sandbox.around.world import ANY_KEY, access_key


def environment(endpoint_url: str, account: str, region: str, folder: Path) -> dict[str, str]:
    """Variables for boto3, the CLI or any SDK. A user's own profile, token or endpoint switch is overruled."""
    return {
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": access_key(account),
        "AWS_SECRET_ACCESS_KEY": ANY_KEY,
        "AWS_SESSION_TOKEN": "",
        "AWS_PROFILE": "default",
        "AWS_DEFAULT_PROFILE": "default",
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def write_profiles(folder: Path, own_account: str, profiles: Mapping[str, str]) -> None:
    """The two files, with a `default` profile of the sandbox's own account."""
    everyone = {"default": own_account, **profiles}
    config, credentials = "", ""
    for name, account in sorted(everyone.items()):
        config += f"[{name if name == 'default' else f'profile {name}'}]\nregion = us-east-1\n"
        credentials += f"[{name}]\naws_access_key_id = {access_key(account)}\naws_secret_access_key = {ANY_KEY}\n"
    (folder / "config").write_text(config, encoding="utf-8")
    (folder / "credentials").write_text(credentials, encoding="utf-8")
