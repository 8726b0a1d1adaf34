"""What de-identification yields."""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Deidentified:
    content: bytes
    """The file in its own format, ready to be read by anybody."""
    report: dict[str, int]
    """How often each thing was done, by closed words such as `removed`; no values."""
