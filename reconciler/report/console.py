"""Where AWS's console shows a function. Pure."""

from __future__ import annotations

from urllib.parse import quote

from reconciler.core.accounts import partition_of

HOSTS = {  # partition -> host, with the region's own where there is one
    "aws": "{region}.console.aws.amazon.com",
    "aws-cn": "{region}.console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def console_address(region: str, function: str, qualifier: str = "") -> str:
    """The page of a function, or of a version or alias of it; empty where the region's console is not known."""
    host = HOSTS.get(partition_of(region))
    if host is None:
        return ""
    kind = "versions" if qualifier.isdigit() else "aliases"
    part = f"/{kind}/{quote(qualifier, safe='')}" if qualifier not in ("", "$LATEST") else ""
    where = f"https://{host.format(region=quote(region, safe=''))}/lambda/home?region={quote(region, safe='')}"
    return f"{where}#/functions/{quote(function, safe='')}{part}"
