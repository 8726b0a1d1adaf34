"""`make bench-api`: how long the API takes to read, in the function itself and through the gateway.

A laptop cloud of its own with a catalogue of some size; every read is asked many times, one after the other.
The function's time is taken around its handler in this process; the gateway's includes signing in the token,
the function's process and HTTP. What asks AWS rather than the catalogue is marked.
"""

import contextlib
import io
import json
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console

from benchmarks import machine
from benchmarks.pipeline import table
from local.cloud import laptop
from local.deploy import REPOSITORY
from medloop.aws.clients import client
from medloop.catalogue.grants import grant
from medloop.catalogue.predictions import finish_prediction, request_prediction
from medloop.catalogue.projects import put_project
from medloop.catalogue.secret import Connection
from medloop.catalogue.uploads import Upload, quarantine_upload, register_upload
from medloop.cli.target import choose_laptop, connect
from medloop.platform import catalogue
from medloop.rules.project import Project
from medloop.settings import Settings

EVIDENCE = REPOSITORY / "docs" / "evidence" / "api-speed.md"
TARGET = 50.0
"""Milliseconds: p95 of a warm read, in the function itself."""

PROJECT = "bench"
AT = datetime(2026, 1, 1, tzinfo=UTC)
BATCH = 500
"""Rows in one transaction."""

ASKS_AWS = frozenset({"/queues"})

console = Console()


@dataclass(frozen=True)
class Read:
    path: str
    function_p50: float
    function_p95: float
    gateway_p50: float
    gateway_p95: float
    """Milliseconds."""


class Context:
    """What Lambda gives beside the event."""

    function_name = "bench"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    aws_request_id = "bench"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


def main(
    images: Annotated[int, typer.Option(min=1, help="Uploads in the catalogue.")] = 20_000,
    predictions: Annotated[int, typer.Option(min=1)] = 5_000,
    times: Annotated[int, typer.Option(min=20, help="How often each read is asked.")] = 200,
    out: Annotated[Path, typer.Option(help="Where the page goes; a .json lies beside it.")] = EVIDENCE,
) -> None:
    """Fill a catalogue, ask, and write the page."""
    with tempfile.TemporaryDirectory(prefix="medloop-") as folder:
        home = Path(folder).resolve() / "cloud"
        with laptop(home, fresh=True) as cloud:
            choose_laptop(cloud.home / "laptop.json")
            settings = connect()
            ids = filled(images, predictions)
            cold, reads = measured(settings, ids, times)
    facts = {
        "machine": machine.described(),
        "images": images,
        "predictions": predictions,
        "times": times,
        "cold_start_ms": cold,
        "reads": [asdict(read) for read in reads],
    }
    out.with_suffix(".json").write_text(json.dumps(facts, indent=2) + "\n")
    out.write_text("\n".join(page(reads, cold, images, predictions, times)))


def filled(images: int, predictions: int) -> tuple[str, str]:
    """An image's id and a prediction's."""
    catalogue().run(
        lambda conn: put_project(conn, Project(project=PROJECT, classes=("normal", "pneumonia")), AT)
    )
    in_batches(images, add_image)
    in_batches(predictions, add_prediction)
    return image_id(0), f"{0:032x}"


def in_batches(count: int, add: Callable[[Connection, int], None]) -> None:
    for first in range(0, count, BATCH):

        def work(conn: Connection, first: int = first) -> None:
            for number in range(first, min(first + BATCH, count)):
                add(conn, number)

        catalogue().run(work)


def image_id(number: int) -> str:
    return f"{number:032x}"


def add_image(conn: Connection, number: int) -> None:
    at = AT + timedelta(seconds=number)
    key = f"{PROJECT}/labelled/normal/{number}.dcm"
    register_upload(conn, Upload(image_id(number), "uploads", key, "v", 80_000, PROJECT, "labelled", at))
    if number % 20 == 0:
        quarantine_upload(conn, image_id(number), "truncated", {"expected": 524_288, "actual": 1_000}, at)


def add_prediction(conn: Connection, number: int) -> None:
    prediction, at = f"{number:032x}", AT + timedelta(seconds=number)
    request_prediction(conn, prediction, PROJECT, image_id(number), 1, at)
    scores = {"normal": 0.9, "pneumonia": 0.1}
    finish_prediction(conn, prediction, "normal", 0.9, scores, "result.json", at)


def paths(image: str, prediction: str) -> tuple[str, ...]:
    here = f"/projects/{PROJECT}"
    return (
        "/me",
        "/projects",
        here,
        f"{here}/overview",
        f"{here}/images",
        f"{here}/images?state=quarantined",
        f"{here}/images/{image}",
        f"{here}/datasets",
        f"{here}/jobs",
        f"{here}/models",
        f"{here}/predictions",
        f"{here}/predictions/{prediction}",
        "/alerts",
        "/audit",
        "/queues",
    )


def measured(settings: Settings, ids: tuple[str, str], times: int) -> tuple[float, list[Read]]:
    """The first answer's milliseconds, process and imports included; and every read's."""
    token = signed_in(settings)
    gateway = through(settings, token)
    cold = one_time(lambda: gateway("/me"))
    function = inside(settings)
    reads = []
    for path in paths(*ids):
        own = percentiles(repeated(lambda path=path: function(path), times))  # type: ignore[misc]
        whole = percentiles(repeated(lambda path=path: gateway(path), times))  # type: ignore[misc]
        reads.append(Read(path, *own, *whole))
        console.print(f"  {path:70} {own[1]:6.1f} ms  {whole[1]:6.1f} ms", highlight=False)
    return cold, reads


def signed_in(settings: Settings) -> str:
    name, password, idp = "bench", f"Aa1!{uuid.uuid4().hex}", client("cognito-idp")
    pool = settings.user_pool_id
    idp.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    idp.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName="admin")
    catalogue().run(lambda conn: grant(conn, name, PROJECT, name, AT))
    answer = idp.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=settings.user_pool_client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return str(answer["AuthenticationResult"]["IdToken"])


def through(settings: Settings, token: str) -> Callable[[str], None]:
    url = urlsplit(settings.api_url)
    connection = HTTPConnection(url.netloc, timeout=60)

    def ask(path: str) -> None:
        connection.request("GET", url.path + path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body

    return ask


def inside(settings: Settings) -> Callable[[str], None]:
    """The deployed code in this process, as API Gateway calls it; what it logs is not shown here."""
    os.environ["POWERTOOLS_LOG_LEVEL"] = "CRITICAL"
    from functions.on_api_request import handler

    def ask(path: str) -> None:
        with contextlib.redirect_stdout(io.StringIO()):
            answer = handler(event(path), Context())
        assert answer["statusCode"] == 200, answer["body"]

    return ask


def event(path: str) -> dict[str, Any]:
    place, _, query = path.partition("?")
    parameters = dict(pair.split("=") for pair in query.split("&")) if query else None
    claims = {"cognito:username": "bench", "cognito:groups": "admin"}
    return {
        "resource": "/{proxy+}",
        "path": place,
        "httpMethod": "GET",
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": parameters,
        "multiValueQueryStringParameters": {name: [v] for name, v in (parameters or {}).items()} or None,
        "pathParameters": {},
        "stageVariables": None,
        "requestContext": {"requestId": uuid.uuid4().hex, "authorizer": {"claims": claims}, "identity": {}},
        "body": None,
        "isBase64Encoded": False,
    }


def repeated(ask: Callable[[], None], times: int) -> Iterator[float]:
    ask()
    for _ in range(times):
        yield one_time(ask)


def one_time(ask: Callable[[], None]) -> float:
    began = time.perf_counter()
    ask()
    return 1000 * (time.perf_counter() - began)


def percentiles(milliseconds: Iterator[float]) -> tuple[float, float]:
    ordered = sorted(milliseconds)
    return statistics.median(ordered), ordered[int(0.95 * (len(ordered) - 1))]


def page(reads: Sequence[Read], cold: float, images: int, predictions: int, times: int) -> list[str]:
    where = machine.described()
    own = [read for read in reads if read.path not in ASKS_AWS]
    slowest = max(own, key=lambda read: read.function_p95)
    met = slowest.function_p95 < TARGET
    rows = [
        [
            f"`{read.path}`" + (" (asks SQS of 30 queues)" if read.path in ASKS_AWS else ""),
            *(
                f"{value:.1f}"
                for value in (read.function_p50, read.function_p95, read.gateway_p50, read.gateway_p95)
            ),
        ]
        for read in reads
    ]
    return [
        "# How long the API takes to read",
        "",
        f"Every read {times} times, one after the other, of a catalogue with {images:,} uploads and",
        f"{predictions:,} predictions; each leaves its row in the audit trail. In the function: around its",
        "handler. Through the gateway: with HTTP, the check of the token and the function's process, on the",
        "laptop cloud. Written by `make bench-api`.",
        "",
        f"{where['processor']}, {where['cores']} cores, {where['memory']}, Python {where['python']}.",
        "",
        f"Goal: p95 of a warm read under {TARGET:.0f} ms in the function. {'Met' if met else 'Missed'}:",
        f"the slowest that asks the catalogue alone is `{slowest.path}` with {slowest.function_p95:.1f} ms.",
        f"The very first answer, process, imports and layer included, took {cold:.0f} ms on the laptop.",
        "",
        *table(["read", "function p50, ms", "p95, ms", "gateway p50, ms", "p95, ms"], rows),
        "",
    ]


if __name__ == "__main__":
    typer.run(main)
