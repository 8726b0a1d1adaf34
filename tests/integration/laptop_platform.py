"""A laptop cloud for one test, with nothing deployed."""

import io
import json
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.cloud import platform
from local.state import Laptop

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


@contextmanager
def folder() -> Iterator[Path]:
    """Not under tmp_path: pytest closes its folders to the account that PostgreSQL runs as."""
    with tempfile.TemporaryDirectory(prefix="medloop-", ignore_cleanup_errors=True) as home:
        yield Path(home).resolve() / "cloud"


@contextmanager
def bare_cloud() -> Iterator[Laptop]:
    with folder() as home, platform(home) as cloud:
        yield cloud


def eventually(look: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first truth that `look` finds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.25)
    return found


def make_function(cloud: Laptop, name: str, source: str) -> None:
    """A function whose handler is `source`, with a role that allows nothing."""
    role = cloud.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("door.py", source)
    cloud.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Handler="door.handler",
        Role=role["Arn"],
        Code={"ZipFile": package.getvalue()},
    )
