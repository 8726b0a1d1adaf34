"""What became of a case, as people and scripts read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What became of a case."""

    id: str
    expected: str
    got: str
    surprises: tuple[str, ...]
    seconds: float
    """From the first sample to the last."""
    cpu_seconds: float
    megabytes: int
    """By how much the memory of the process grew at most."""
    files: int = 0

    @property
    def as_expected(self) -> bool:
        return not self.surprises
