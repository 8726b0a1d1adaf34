"""The files of one prediction, for whoever wants to look at them when the cloud is gone."""

import shutil
from pathlib import Path

from medloop.aws import objects
from medloop.catalogue.predictions import list_predictions
from medloop.catalogue.results import ResultRow, results_of
from medloop.cli.waiting import wait_for
from medloop.platform import catalogue
from medloop.settings import Settings


def wait_for_results(project: str) -> None:
    def written() -> bool:
        found = catalogue().read(lambda conn: list_predictions(conn, project, 1000))
        return all(one.written_at for one in found if one.state == "done")

    wait_for("the results", written, 300)


def fetch_one(project: str, settings: Settings, folder: Path) -> list[str]:
    """The names of the files, of a prediction that comes in as many forms as any."""
    rows = richest(project)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for row in rows:
        content = objects.read(settings.predictions_bucket, row.path)
        (folder / Path(row.path).name).write_bytes(content)
    return [Path(row.path).name for row in rows]


def richest(project: str) -> list[ResultRow]:
    found = catalogue().read(lambda conn: list_predictions(conn, project, 100))
    each = [catalogue().read(lambda conn, id=one.id: results_of(conn, id)) for one in found]  # type: ignore[misc]
    return max(each, key=len, default=[])
