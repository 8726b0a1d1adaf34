"""The console's files in their bucket: as they are in the folder, and written only where they differ."""

from collections.abc import Iterator
from typing import Any

import pytest

from medloop.aws import site
from tests.integration.laptop_platform import bare_cloud

FILES = {"index.html": b"<p>", "views/jobs.js": b"export {}", "style/base.css": b"p {}"}


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with bare_cloud() as cloud:
        yield cloud.client("s3")


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    name = request.node.name.replace("_", "-").lower()[:60].rstrip("-")
    s3.create_bucket(Bucket=name)
    return name


def held(s3: Any, bucket: str) -> dict[str, bytes]:
    names = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {name: s3.get_object(Bucket=bucket, Key=name)["Body"].read() for name in names}


def test_the_bucket_holds_the_files(s3: Any, bucket: str) -> None:
    assert site.publish(s3, bucket, FILES) == site.Published(written=3, removed=0)
    assert held(s3, bucket) == FILES


def test_a_second_time_writes_nothing(s3: Any, bucket: str) -> None:
    site.publish(s3, bucket, FILES)
    assert not site.publish(s3, bucket, FILES)


def test_what_changed_is_written_and_what_is_gone_removed(s3: Any, bucket: str) -> None:
    site.publish(s3, bucket, FILES)
    later = {"index.html": b"<p>", "views/jobs.js": b"export default 1"}
    assert site.publish(s3, bucket, later) == site.Published(written=1, removed=1)
    assert held(s3, bucket) == later


def test_browsers_learn_what_a_file_is_and_ask_before_they_use_a_copy(s3: Any, bucket: str) -> None:
    site.publish(s3, bucket, FILES)
    found = s3.head_object(Bucket=bucket, Key="views/jobs.js")
    assert found["ContentType"] == "text/javascript; charset=utf-8"
    assert found["CacheControl"] == "no-cache"
