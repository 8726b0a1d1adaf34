"""What `medloop status` shows, in one look."""

from dataclasses import dataclass

from medloop.catalogue.alerts import Alert, list_alerts
from medloop.catalogue.images import image_counts
from medloop.catalogue.jobs import Job, active_jobs, job_counts, list_jobs
from medloop.catalogue.models import Model, list_champions, model_counts
from medloop.catalogue.predictions import prediction_counts
from medloop.catalogue.secret import Connection
from medloop.catalogue.uploads import Selection, Upload, list_quarantined, upload_counts


@dataclass(frozen=True)
class Summary:
    """Of one project or of all; counts are by state (images: by purpose), lists are latest first."""

    uploads: dict[str, int]
    images: dict[str, int]
    jobs: dict[str, int]
    models: dict[str, int]
    predictions: dict[str, int]
    quarantined: list[Upload]
    active_jobs: list[Job]
    failed_jobs: list[Job]
    champions: list[Model]
    alerts: list[Alert]


def summarise(conn: Connection, project: str | None = None, last: int = 5) -> Summary:
    """`last` limits each list of troubles; champions and active jobs are complete."""
    return Summary(
        uploads=upload_counts(conn, project),
        images=image_counts(conn, project),
        jobs=job_counts(conn, project),
        models=model_counts(conn, project),
        predictions=prediction_counts(conn, project),
        quarantined=list_quarantined(conn, Selection(project), last),
        active_jobs=active_jobs(conn, project),
        failed_jobs=list_jobs(conn, project, "failed", last),
        champions=list_champions(conn, project),
        alerts=list_alerts(conn, project, last),
    )
