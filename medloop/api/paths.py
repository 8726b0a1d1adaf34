"""What stands in paths: ids that cannot be anything but ids."""

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Path

ProjectPath = Annotated[str, Path(pattern=r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$")]
ImagePath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
PredictionPath = Annotated[str, Path(pattern=r"^[0-9A-Za-z-]{1,64}$")]
JobPath = Annotated[str, Path(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$")]
VersionPath = Annotated[int, Path(ge=1, le=2**31 - 1)]
KindPath = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_.-]{0,40}$")]
FilePath = Annotated[str, Path(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,60}\.(md|json|png)$")]
PersonPath = Annotated[str, Path(pattern=r"^[\w.@+-]{1,128}$")]
DoorPath = Annotated[str, Path(pattern=r"^[a-z][a-z-]{0,40}$")]
