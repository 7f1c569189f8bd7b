"""What AWS lets be downloaded at an address of its own, as the code of a function: to a file, and no more than was asked for.

The address carries the right to read, so no message and no record ever has it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from reconciler.core.errors import AwsError

CHUNK_BYTES = 1 << 18
IN_MEMORY_BYTES = 1 << 23
TIMEOUT_SECONDS = 10, 60  # to connect, and between two pieces


class NotDownloaded(AwsError):
    """`why` is the status of HTTP, or the name of what was raised; empty where there was more than was asked for."""

    def __init__(self, message: str, why: str = "") -> None:
        super().__init__(message)
        self.why = why


@contextmanager
def downloaded(url: str, most: int, certificates: str = "") -> Iterator[IO[bytes]]:
    """What is at an address, for the block. `certificates` names the bundle to trust instead of botocore's. Raises NotDownloaded."""
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        try:
            _fetch(url, most, certificates, file)
        except NotDownloaded:
            raise
        except Exception as error:  # whatever a socket, a proxy or a certificate raises repeats the address
            why = type(error).__name__
            raise NotDownloaded(f"it cannot be downloaded ({why})", why) from None
        file.seek(0)
        yield file


def _fetch(url: str, most: int, certificates: str, file: IO[bytes]) -> None:
    verify = cast("bool", certificates or True)  # a bundle's name as well, as botocore itself hands it on
    timeout = cast("int", TIMEOUT_SECONDS)  # a pair as well, in the same way
    session = URLLib3Session(verify=verify, proxies=get_environ_proxies(url), timeout=timeout)
    try:
        response = session.send(AWSRequest(method="GET", url=url, stream_output=True).prepare())
        if response.status_code != 200:
            status = response.status_code
            raise NotDownloaded(f"it cannot be downloaded (status {status})", f"HTTP {status}")
        for chunk in response.raw.stream(CHUNK_BYTES):
            if file.tell() + len(chunk) > most:
                raise NotDownloaded(f"it is more than the {most:,} bytes that AWS told")
            file.write(chunk)
    finally:
        session.close()
