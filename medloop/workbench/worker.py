"""A process that encodes one file after another: `python -m medloop.workbench.worker SPOOL [MASKS]`.

It speaks as medloop.inspection.worker does, so that the same pool can hand files to it, but takes several
paths at a time: of small pictures, waking each other up would cost more than reading them.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Final, TextIO

from medloop.inspection.worker import replies_of_our_own
from medloop.rules.project import Project
from medloop.workbench.reading import Reader
from medloop.workbench.spool import Spool

BETWEEN: Final = "\0"
"""Between the paths of one request: no path has it."""

_MODULE: Final = "medloop.workbench.worker"

_SILENCE: Final = 0.5
"""Seconds: who waits longer shall see that there is somebody at work."""


def command(spool: Path, masks: Path | None) -> tuple[str, ...]:
    return (sys.executable, "-m", _MODULE, str(spool), *([] if masks is None else [str(masks)]))


def main(spool: Path, masks: Path | None, requests: TextIO, replies: TextIO) -> None:
    project = Project.model_validate_json(requests.readline())
    with Spool(spool, f"{os.getpid()}") as own:
        reader = Reader(own, masks, project)
        for request in requests:
            spoken = time.monotonic()
            for path in json.loads(request).split(BETWEEN):
                print(reader.read(path).as_json(), file=replies)
                if time.monotonic() - spoken > _SILENCE:
                    replies.flush()
                    spoken = time.monotonic()
            print(file=replies, flush=True)


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:]]
    main(folders[0], folders[1] if len(folders) > 1 else None, sys.stdin, replies_of_our_own())
