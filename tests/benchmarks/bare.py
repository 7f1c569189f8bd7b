"""The calls of a no-op plan, made by threads of bare boto3: what they cost when nothing is done with the answers.

`python -m tests.benchmarks.bare N`, in the environment of an AWS.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import boto3
from botocore.config import Config

from tests.benchmarks import fleet

THREADS = 16


def main() -> None:
    names = [fleet.named(number) for number in range(int(sys.argv[1]))]
    client = boto3.client("lambda", config=Config(max_pool_connections=THREADS))
    boto3.client("sts").get_caller_identity()
    boto3.client("s3").head_object(Bucket=fleet.BUCKET, Key=fleet.KEY)
    with ThreadPoolExecutor(THREADS) as pool:
        for call in (client.get_function, client.list_aliases):
            list(pool.map(partial(_named, call), names))
    list(client.get_paginator("list_functions").paginate(FunctionVersion="ALL"))
    list(client.get_paginator("list_event_source_mappings").paginate())


def _named(call: object, name: str) -> None:
    assert callable(call)
    call(FunctionName=name)


if __name__ == "__main__":
    main()
