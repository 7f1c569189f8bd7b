"""Where the code of an imported function comes from: a bucket, a download, an image, or nobody knows."""

from __future__ import annotations

import pytest

from reconciler.snapshot import artifacts
from tests.apply.strangers import zip_of
from tests.conftest import ACCOUNT, REGION, ROLE, House, function_spec
from tests.importing.moving_in import (
    imports,
    is_taken_over,
    living,
    text,
)
from tests.importing.test_law_of_import import emptied


def test_code_that_is_found_nowhere_is_downloaded_as_it_is(house: House) -> None:
    living(house, function_spec())
    house.lambda_.update_function_code(FunctionName="checkout", ZipFile=zip_of("by hand"))
    house.sandbox.requests.clear()
    result = imports(house, "checkout", "--bucket", "artifacts", "--bucket", "nowhere", "--download", "code")
    assert "bucket nowhere cannot be looked through" in result.err
    (package,) = (house.root / "code").iterdir()
    assert package.read_bytes() == zip_of("by hand")
    assert f'code: {{path: "../code/{package.name}"}}' in text(house)
    assert is_taken_over(house)
    emptied(house)
    imports(house, "checkout", "--download", "code")
    assert len(list((house.root / "code").iterdir())) == 1


def test_code_that_nobody_can_name_is_nobodys_and_that_is_said(house: House) -> None:
    living(house, function_spec())
    result = imports(house, "checkout")
    assert "/code left to others: AWS does not tell where it came from; name a --bucket" in result.out
    assert "# left to others: /code, for AWS does not tell where it came from;" in text(house)
    assert is_taken_over(house)


def test_an_image_is_the_one_that_runs(house: House) -> None:
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/shop"
    spec = (
        f"function: checkout\nconfiguration: {{PackageType: Image, Role: {ROLE}}}\ncode: {{ImageUri: '{image}:v1'}}\n"
    )
    living(house, spec)
    imports(house, "checkout")
    sha256 = house.lambda_.get_function_configuration(FunctionName="checkout")["CodeSha256"]
    image = "{{ account.id }}.dkr.ecr.{{ region }}.amazonaws.com/shop"
    assert f'ImageUri: "{image}@sha256:{sha256}"' in text(house)
    assert is_taken_over(house)


def test_an_object_of_which_s3_keeps_no_hash_is_read_where_it_has_the_very_size(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    living(house, function_spec())
    s3 = house.sandbox.clients.get("s3", ACCOUNT, REGION)
    package = s3.get_object(Bucket="artifacts", Key="v1.zip")["Body"].read()
    s3.create_bucket(Bucket="large", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="large", Key="a.zip", Body=bytes(len(package)))
    s3.put_object(Bucket="large", Key="b.zip", Body=package)
    monkeypatch.setattr(artifacts, "LARGEST_READ_BYTES", -1)
    house.sandbox.requests.clear()
    imports(house, "checkout", "--bucket", "large")
    sha256 = house.lambda_.get_function_configuration(FunctionName="checkout")["CodeSha256"]
    assert f'code: {{S3Bucket: large, S3Key: b.zip, sha256: "{sha256}"}}' in text(house)
    assert is_taken_over(house)
