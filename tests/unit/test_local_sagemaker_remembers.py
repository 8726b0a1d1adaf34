"""What the laptop's SageMaker keeps on disk is there again after a start, whole and in order."""

import io
import tarfile
from contextlib import suppress
from pathlib import Path

import pytest

from local.sagemaker import storage
from local.sagemaker.async_queue import AsyncQueue
from local.sagemaker.errors import ServiceError
from local.sagemaker.state import State


def test_resources_are_read_back(tmp_path: Path) -> None:
    State(tmp_path).packages.put("arn:aws:x/chest/1", {"ModelPackageVersion": 1})
    again = State(tmp_path)
    assert again.packages["arn:aws:x/chest/1"] == {"ModelPackageVersion": 1}
    again.packages.drop("arn:aws:x/chest/1")
    assert State(tmp_path).packages.all() == []


def test_requests_wait_in_the_order_they_came_until_they_are_done(tmp_path: Path) -> None:
    queue = AsyncQueue(tmp_path)
    for name in ("first", "second", "third"):
        queue.put({"Endpoint": "chest", "InferenceId": name})
    first, second = queue.take("chest"), queue.take("chest")
    assert first is not None and second is not None
    queue.done(first)
    queue.give_back(second)
    assert (queue.backlog("chest"), queue.in_flight("chest")) == (2, 0)
    queue.take("chest")
    again = AsyncQueue(tmp_path)
    assert [request["InferenceId"] for request in again.waiting["chest"]] == ["second", "third"]


@pytest.mark.parametrize("name", ["../escaped.txt", "/escaped.txt"])
def test_a_model_archive_cannot_write_elsewhere(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = 4
        tar.addfile(member, io.BytesIO(b"evil"))
    folder = tmp_path / "tree" / "model"
    with suppress(tarfile.TarError):
        storage.unpack(archive, folder)
    assert not (tmp_path / "tree" / "escaped.txt").exists()
    assert all(file.is_relative_to(folder) for file in (tmp_path / "tree").rglob("*") if file.is_file())


def test_an_address_must_be_in_s3() -> None:
    with pytest.raises(ServiceError, match="no S3 address"):
        storage.bucket_and_key("https://example.org/model.tar.gz")
