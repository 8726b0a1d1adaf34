"""What needs a person: alerts, and messages that failed five times."""

import time
from datetime import datetime

from aws_lambda_powertools.event_handler.api_gateway import Router

from medloop.api.pages import DEFAULT, Cursor, Limit, Page, page_of, position_of
from medloop.api.paths import DoorPath
from medloop.api.problems import not_found
from medloop.api.resource import Resource, caller
from medloop.aws import queues
from medloop.aws.redrive import dead_letters_of, redrive
from medloop.catalogue.pages import Position, page_of_alerts
from medloop.platform import catalogue
from medloop.rules.queues import QUEUES, dead_letter_name, queue_name
from medloop.settings import settings

router = Router()

PATIENCE = 5.0
"""Seconds that a request watches a redrive; what is not moved by then, a second request moves."""


class Alert(Resource):
    id: str
    name: str
    severity: str
    summary: str
    project: str | None
    state: str
    """`ALARM`, or `OK` where it is over."""
    raised_at: datetime


class Queue(Resource):
    door: str
    waiting: int
    in_flight: int
    dead: int
    """Messages that failed five times."""


class Queues(Resource):
    queues: list[Queue]


class Redriven(Resource):
    moved: int
    """Messages on their way back; on AWS the service moves them by itself."""


@router.get("/alerts", operation_id="list_alerts", summary="What was told to people, newest first")
def list_alerts(limit: Limit = DEFAULT, cursor: Cursor = "") -> Page[Alert]:
    after, me = position_of(cursor), caller(router)
    projects = None if me.role == "admin" else sorted(me.projects)
    rows = catalogue().read(lambda conn: page_of_alerts(conn, projects, after, limit))
    return page_of(rows, limit, lambda row: Position(row.raised_at, row.id), lambda row: Alert(**vars(row)))


@router.get("/queues", operation_id="list_queues", summary="What waits for each door, and what failed")
def list_queues() -> Queues:
    waiting = queues.depths_of(queue_name(settings().stage, queue) for queue in QUEUES)
    dead = queues.depths_of(dead_letter_name(settings().stage, queue) for queue in QUEUES)
    return Queues(
        queues=[
            Queue(door=name, waiting=own.waiting, in_flight=own.in_flight, dead=failed.waiting)
            for name, own, failed in zip(QUEUES, waiting, dead, strict=True)
        ]
    )


@router.post(
    "/queues/<door>/redrive",
    operation_id="redrive_queue",
    summary="Send dead-lettered messages back, once the cause is mended",
    status_code=202,
)
def redrive_queue(door: DoorPath) -> Redriven:
    if door not in QUEUES:
        raise not_found("queue")
    moved, end = 0, time.monotonic() + PATIENCE
    for count in redrive(dead_letters_of(queue_name(settings().stage, door))):
        moved = count
        if time.monotonic() > end:
            break
    return Redriven(moved=moved)
