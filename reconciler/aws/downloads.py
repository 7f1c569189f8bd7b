"""What AWS hands out at an address of its own making, as the code of a function: read into a file, and no further than it may be large.

The address is a secret for as long as it works: no message repeats it.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import closing
from typing import IO, Any

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from reconciler.core.errors import AwsError

IN_MEMORY_BYTES = 1 << 23
CHUNK_BYTES = 1 << 18
TIMEOUTS = (10, 60)  # seconds, to connect and between two pieces
FOUND = 200


def downloaded(address: str, largest: int) -> IO[bytes]:
    """The bytes at an address, as a file that is gone once it is closed. Raises AwsError, whose words begin with `is` or `cannot`."""
    file = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  the caller's
    try:
        problem = _written(file, address, largest)
    except (BotoCoreError, HTTPError, OSError, ValueError) as error:
        problem = f"cannot be downloaded ({type(error).__name__})"
    if problem:
        file.close()
        raise AwsError(problem)
    file.seek(0)
    return file


def _written(file: IO[bytes], address: str, largest: int) -> str:
    """Why it could not be, or nothing."""
    settings: dict[str, Any] = {"verify": os.environ.get("AWS_CA_BUNDLE") or True, "timeout": TIMEOUTS}
    with closing(URLLib3Session(**settings, proxies=get_environ_proxies(address))) as session:
        answer = session.send(AWSRequest("GET", address, stream_output=True).prepare())
        if answer.status_code != FOUND:
            return f"cannot be downloaded (HTTP {answer.status_code})"
        for chunk in answer.raw.stream(CHUNK_BYTES):
            file.write(chunk)
            if file.tell() > largest:
                return f"is larger than {largest:,} bytes, so it is not read"
    return ""
