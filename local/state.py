"""What is known about a laptop cloud: where it answers, what it deployed, and which processes it is.

`cloud.json` is the memory that outlasts `down`; `laptop.json` is for others, and exists only while it is up.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any

import boto3
from pydantic import BaseModel, ConfigDict, ValidationError

from local.deploy import REGION, REPOSITORY, STAGE
from local.processes import MARK, Child

HOME = REPOSITORY / ".medloop" / "cloud"

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""ministack's root user."""


class CloudBusy(RuntimeError):
    """Another `up` or `down` is at work in the same folder."""


class Laptop(BaseModel):
    """A cloud on this machine."""

    model_config = ConfigDict(frozen=True)

    home: Path
    endpoint: str
    webhooks: str
    console: str = ""
    """Where the console answers."""
    catalogue: str
    """PostgreSQL's URL."""
    stage: str = STAGE
    region: str = REGION
    children: tuple[Child, ...] = ()
    deployed: str = ""
    """Hash of the code and the parameters of the last deploy."""
    published: str = ""
    """Fingerprint of the console's files that were last published."""
    outputs: dict[str, str] = {}
    """Of the stack; empty until it was deployed."""

    @property
    def aws(self) -> dict[str, str]:
        """Variables that make this cloud AWS to whoever sets them."""
        return aws_variables(self.home, self.endpoint)

    def client(self, service: str) -> Any:
        """A boto3 client of this cloud, as its root user."""
        # Never boto3's default session: it may remember an environment from before this cloud.
        return boto3.Session().client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    @property
    def is_whole(self) -> bool:
        """It was deployed, and all its processes live."""
        return bool(self.outputs and self.children) and all(child.alive for child in self.children)

    def remember(self) -> "Laptop":
        write_privately(self.home / "cloud.json", self.model_dump_json(indent=2))
        return self

    def announce(self) -> None:
        """Write `laptop.json`, from which the commands know that a cloud is up, and where."""
        facts = {**self.model_dump(mode="json"), "environment": self.aws}
        write_privately(self.home / "laptop.json", json.dumps(facts, indent=2))

    def withdraw(self) -> None:
        (self.home / "laptop.json").unlink(missing_ok=True)


def recall(home: Path) -> Laptop | None:
    """The cloud that this folder remembers, up or down; None when there was none."""
    try:
        return Laptop.model_validate_json((home / "cloud.json").read_text())
    except (FileNotFoundError, ValidationError):
        return None


def port(url: str) -> int:
    """
    >>> port("http://127.0.0.1:4566")
    4566
    """
    return int(url.rsplit(":", 1)[1])


def aws_variables(home: Path, endpoint: str) -> dict[str, str]:
    """They also hide the user's own AWS configuration: a laptop cloud must never reach a real account."""
    return {
        **CREDENTIALS,
        "AWS_SESSION_TOKEN": "",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_PROFILE": "default",
        "AWS_DEFAULT_PROFILE": "default",
        "AWS_CONFIG_FILE": str(home / "aws.ini"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "aws.ini"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def environment(home: Path, endpoint: str) -> dict[str, str]:
    """Of every process that belongs to this cloud or speaks to it: nothing of AWS_* is inherited."""
    (home / "aws.ini").write_text(f"[default]\nregion = {REGION}\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    own = {MARK: str(home), "SAM_CLI_TELEMETRY": "0", "PATH": path}
    return {**kept, **aws_variables(home, endpoint), **own}


def server_environment(home: Path, endpoint: str) -> dict[str, str]:
    """Of `local.gateway` and, through it, of every function and training job."""
    return {
        **environment(home, endpoint),
        "GATEWAY_PORT": str(port(endpoint)),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home / "s3"),
        "MEDLOOP_SAGEMAKER_DIR": str(home / "sagemaker"),
        "MEDLOOP_GRANTS": str(home / "grants.jsonl"),
        "MEDLOOP_LAYERS_DIR": str(home / "layers"),
        "MEDLOOP_STOP_GRACE_SECONDS": "30",
        "CLOUDTRAIL_RECORDING": "1",
        "CLOUDTRAIL_MAX_EVENTS": "2000",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LAMBDA_WARM_TTL_SECONDS": "120",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(home / "tmp"),
    }


def move_addresses(states: Path, before: str, after: str) -> None:
    """ministack keeps queues by their address, port and all; under a new port it would not find them."""
    for file in states.glob("*.json") if before != after else ():
        text = file.read_text()
        if before in text:
            file.write_text(text.replace(before, after))


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """One `up` or `down` at a time; the lock dies with its process.

    Raises:
        CloudBusy: at once, rather than wait for the other.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            raise CloudBusy(f"another up or down is at work on {home}") from None
        yield


def write_privately(file: Path, text: str) -> None:
    """Readable by its owner only; replaced whole, never half written."""
    aside = file.with_name(f"{file.name}.new")
    aside.touch(mode=0o600)
    aside.write_text(text)
    aside.replace(file)
