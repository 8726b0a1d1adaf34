"""A process that cleans one file after another: `python -m medloop.handover.worker ROOT OUT`.

It speaks as medloop.inspection.worker does, so that the same pool can hand files to it. The key comes in the
environment: it stands in no list of processes.
"""

import json
import os
import sys
from pathlib import Path
from typing import Final, TextIO

from medloop.handover.file import Task, hand_over
from medloop.inspection.finding import Finding
from medloop.inspection.worker import replies_of_our_own
from medloop.rules.project import Project
from medloop.rules.pseudonyms import Pseudonyms

KEY: Final = "MEDLOOP_HANDOVER_KEY"
"""Hexadecimal."""


def command(root: Path, out: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "medloop.handover.worker", str(root), str(out))


def main(root: Path, out: Path, requests: TextIO, replies: TextIO) -> None:
    project = Project.model_validate_json(requests.readline())
    task = Task(root, out, project, Pseudonyms(bytes.fromhex(os.environ[KEY]), project.project))

    def tell(finding: Finding) -> None:
        print(finding.as_json(), file=replies, flush=True)

    for request in requests:
        hand_over(json.loads(request), task, tell)
        print(file=replies, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.stdin, replies_of_our_own())
