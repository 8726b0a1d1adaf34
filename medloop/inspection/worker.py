"""A process that judges one file after another: `python -m medloop.inspection.worker`.

Standard input: the project as JSON, then one path per line as JSON. Standard output: one line per finding,
and an empty line after each path's last. Decoders may die or print what they like: neither reaches anybody.
"""

import json
import os
import secrets
import sys
from typing import TextIO

from medloop.inspection.file import inspect_file
from medloop.inspection.finding import Finding
from medloop.rules.project import Project
from medloop.rules.pseudonyms import MIN_KEY_BYTES


def main(requests: TextIO, replies: TextIO) -> None:
    project = Project.model_validate_json(requests.readline())
    # Nothing made with it is kept, so it need not be the project's own.
    key = secrets.token_bytes(MIN_KEY_BYTES)

    def tell(finding: Finding) -> None:
        print(finding.as_json(), file=replies, flush=True)

    for request in requests:
        inspect_file(json.loads(request), project, key, tell)
        print(file=replies, flush=True)


def replies_of_our_own() -> TextIO:
    """Standard output for findings alone; what libraries print there, or as errors, is dropped."""
    ours = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return ours


if __name__ == "__main__":
    main(sys.stdin, replies_of_our_own())
