"""Builds template.yaml with the SAM CLI and deploys it, unmodified, to the laptop's endpoint."""

import hashlib
import json
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path
from shutil import which
from typing import Any

from local.artefacts import zip_once
from local.processes import ProcessFailed, last_words

REPOSITORY = Path(__file__).resolve().parents[1]
BUILD = REPOSITORY / ".medloop" / "build"
"""Shared by all laptops of this checkout: the artefacts depend on the code alone."""

TEMPLATE = BUILD / "sam" / "zipped.yaml"
"""The built template, with the archives that `sam deploy` uploads as they are."""

SOURCES = (
    "events",
    "functions",
    "medloop",
    "requirements/lambda.txt",
    "requirements/results.txt",
    "requirements/api.txt",
    "template.yaml",
    "Makefile",
    "pyproject.toml",
)

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
STAGE = "laptop"
STACK = f"medloop-{STAGE}"
ARTEFACTS = "medloop-laptop-artefacts"
REGION = "us-east-1"


def sam() -> str:
    """The SAM CLI has an environment of its own: it and ministack pin different versions of botocore.

    Raises:
        ProcessFailed: when there is none.
    """
    place = os.environ.get("MEDLOOP_SAM", str(REPOSITORY / ".venv-sam" / "bin" / "sam"))
    found = which(place) or which("sam")
    if not found:
        raise ProcessFailed("no SAM CLI: run `make install`, or set MEDLOOP_SAM to its path")
    return found


def code_hash(root: Path = REPOSITORY) -> str:
    """Changes with every file that goes into the artefacts, and with the interpreter they are built for."""
    digest = hashlib.sha256(f"{PYTHON} {sysconfig.get_platform()}".encode())
    for file in _sources(root):
        digest.update(f"\0{file.relative_to(root)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _sources(root: Path) -> Iterator[Path]:
    for name in SOURCES:
        for file in sorted([root / name, *(root / name).rglob("*")]):
            if file.is_file() and file.suffix != ".pyc":
                yield file


def build(code: str, environment: Mapping[str, str], log: Path) -> None:
    """`sam build`, for this interpreter and this machine, because the functions run here.

    Raises:
        ProcessFailed: with the end of what sam said.
    """
    stamp = BUILD / "code-hash"
    if stamp.exists() and stamp.read_text() == code and TEMPLATE.exists():
        return
    BUILD.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    target = {"LAMBDA_PYTHON": PYTHON, "LAMBDA_PLATFORM": lambda_platform()}
    # In source: else sam copies the whole checkout for each function, and fails on PostgreSQL's socket.
    options = ["--template-file", "template.yaml", "--build-dir", str(BUILD / "sam"), "--build-in-source"]
    _run([sam(), "build", *options], {**environment, **target}, log)
    zip_once(BUILD / "sam", TEMPLATE)
    stamp.write_text(code)


def lambda_platform() -> str:
    """This machine in the words of `uv pip install --python-platform`."""
    machine = {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine().lower(), platform.machine())
    return f"{machine}-apple-darwin" if sys.platform == "darwin" else f"{machine}-unknown-linux-gnu"


def parameters(catalogue: str, webhooks: str, endpoint: str, console: str) -> dict[str, str]:
    """What the laptop overrides in the template."""
    return {
        "Stage": STAGE,
        "OnAws": "false",
        "AwsEndpoint": endpoint,
        "ConsoleOrigin": console,
        "MaxConcurrency": "3",
        "EndpointBakeSeconds": "3",
        "PythonRuntime": f"python{PYTHON}",
        "CatalogueUrl": catalogue,
        "SlackUrl": f"{webhooks}/slack",
        "PagerDutyKey": "laptop",
        "PagerDutyUrl": f"{webhooks}/v2/enqueue",
    }


def deploy(s3: Any, values: Mapping[str, str], environment: Mapping[str, str], log: Path) -> None:
    """`sam deploy`. Raises ProcessFailed with the end of what sam said."""
    s3.create_bucket(Bucket=ARTEFACTS)
    options = ["--template-file", str(TEMPLATE), "--stack-name", STACK]
    options += ["--s3-bucket", ARTEFACTS, "--region", REGION, "--no-progressbar"]
    options += ["--no-confirm-changeset", "--no-fail-on-empty-changeset"]
    options += ["--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    overrides = [f"{name}={json.dumps(value)}" for name, value in values.items()]
    _run([sam(), "deploy", *options, "--parameter-overrides", *overrides], environment, log)


def outputs(cloudformation: Any) -> dict[str, str]:
    """Of the deployed stack; empty when there is none, or when it is not whole."""
    for page in cloudformation.get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            if stack["StackName"] == STACK and stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])}
    return {}


def _run(arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        done = subprocess.run(
            arguments,
            cwd=REPOSITORY,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if done.returncode != 0:
        raise ProcessFailed(f"sam {arguments[1]} ended with {done.returncode}: {last_words(log)}")
