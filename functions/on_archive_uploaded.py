"""An archive is to be unpacked where it lies: every file in it becomes an upload of its own."""

from events.uploads import ArchiveUploaded
from medloop.arrivals.archives import take_archive
from medloop.aws.door import door


def on_archive_uploaded(body: str) -> None:
    take_archive(ArchiveUploaded.model_validate_json(body).upload)


handler = door(on_archive_uploaded)
