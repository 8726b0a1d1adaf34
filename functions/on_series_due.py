"""A series fell quiet, or everything that an archive or a manifest announced is decided: make its volumes."""

from pydantic import TypeAdapter

from events.series import DeliveryConsidered, SeriesFellQuiet
from medloop.arrivals.deliveries import consider_delivery
from medloop.arrivals.images import ask_champion
from medloop.arrivals.series import consider_series
from medloop.arrivals.verdicts import known_project
from medloop.aws.door import door
from medloop.catalogue.series import get_series
from medloop.platform import catalogue

Due = TypeAdapter[SeriesFellQuiet | DeliveryConsidered](SeriesFellQuiet | DeliveryConsidered)


def on_series_due(body: str) -> None:
    due = Due.validate_json(body)
    if isinstance(due, DeliveryConsidered):
        consider_delivery(due)
        return
    series = catalogue().read(lambda conn: get_series(conn, due.series))
    project = None if series is None else known_project(series.project)
    if series is None or project is None or series.state != "open":
        return
    for volume in consider_series(series.id, project) or []:
        ask_champion(volume)


handler = door(on_series_due)
