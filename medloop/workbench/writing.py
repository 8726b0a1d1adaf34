"""Files that tell of a finished step: whole, or not there at all."""

import os
from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """A reader finds what was there before or all of `text`, wherever the writing is cut off."""
    unfinished = file.with_name(file.name + ".unfinished")
    with unfinished.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(file)
