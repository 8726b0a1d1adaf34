"""The corpus' files on disk, for whoever wants to try them elsewhere."""

import json
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import yaml

from medloop.selftest.case import Case

_LONGEST = 200
"""Characters of a file's name; file systems end at 255 bytes."""


def write_corpus(cases: Iterable[Case], folder: Path) -> int:
    """`<case>/<file>`, and expected.json with each file's key in a bucket and its verdict; how many files.

    Names are written as in a URL, since some of the corpus' keys fit no file system.
    """
    expected = []
    for case in cases:
        number = 0
        for sample in case.make():
            for key, content in sample.uploads.items():
                number += 1
                path = Path(case.id, f"{number:02d}-{_name(key)}")
                (folder / path.parent).mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
                verdict = sample.verdicts.get(key, sample.expected)
                entry = {"file": path.as_posix(), "case": case.id, "key": key, "verdict": verdict}
                expected.append({**entry, "project": yaml.safe_dump(sample.project.model_dump(mode="json"))})
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
    return len(expected)


def _name(key: str) -> str:
    last = key.rstrip("/").rsplit("/", 1)[-1]
    return quote(last, safe=" ()+&=?#,")[-_LONGEST:]
