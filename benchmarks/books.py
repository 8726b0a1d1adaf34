"""The accounts of one project: every object version that was uploaded, and what became of it exactly once."""

from collections import Counter
from dataclasses import dataclass, field

from benchmarks.stage import INTAKE, NeverHappened, Put, Stage, Verdict

DEAD = f"{INTAKE}-dlq"


@dataclass(frozen=True)
class Balance:
    """What a run left behind; `is_even` is the invariant."""

    uploaded: int
    states: dict[str, int]
    dead: int
    """Of these object versions, how many lie in the dead-letter queue."""
    lost: int
    """Neither decided nor dead."""
    doubled: int
    """Effects beyond the first: a second row, a second image, a second object."""
    orphaned: int
    """Objects in the curated bucket that no row stands for."""

    @property
    def is_even(self) -> bool:
        return not (self.lost or self.doubled or self.orphaned)


@dataclass
class Books:
    stage: Stage
    project: str
    puts: list[Put] = field(default_factory=list)

    def put(self, name: str, content: bytes) -> Put:
        """Upload under the project."""
        made = self.stage.put(f"{self.project}/{name}", content)
        self.puts.append(made)
        return made

    def put_all(self, contents: list[bytes], folder: str = "labelled/a") -> list[Put]:
        return [self.put(f"{folder}/{number}.dcm", content) for number, content in enumerate(contents)]

    def wait(self, seconds: float = 90.0, dead: int = 0) -> None:
        """Until all but the dead have a verdict, and nothing is under way."""
        try:
            self.stage.wait_until_decided(self.project, len(self.puts) - dead, seconds)
            self.stage.wait_until_quiet(seconds=seconds)
        except NeverHappened as error:
            dead_now, waiting = self.stage.depth(DEAD), self.stage.depth(INTAKE)
            raise NeverHappened(f"{error}: {dict(self.states())}, {waiting}, dead: {dead_now}") from None

    def verdicts(self) -> dict[str, Verdict]:
        ours = {put.id for put in self.puts}
        return {row.id: row for row in self.stage.verdicts(self.project) if row.id in ours}

    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.verdicts().values())

    def balance(self, dead: int = 0) -> Balance:
        rows = self.stage.verdicts(self.project)
        decided = {row.id for row in rows if row.state != "received"}
        images = Counter(self.stage.image_ids(self.project))
        accepted = {row.id for row in rows if row.state == "accepted"}
        # An image has an array, and may have a clean copy of its file: one object of each kind.
        objects = Counter(_kind_of(key) for key in self.stage.curated_keys(self.project))
        owners = {owner for owner, _ in objects}
        return Balance(
            uploaded=len({put.id for put in self.puts}),
            states=dict(Counter(row.state for row in rows)),
            dead=dead,
            lost=len({put.id for put in self.puts} - decided) - dead,
            doubled=sum(n - 1 for n in Counter(row.id for row in rows).values())
            + sum(n - 1 for n in images.values())
            + sum(n - 1 for n in objects.values())
            + len(set(images) ^ accepted),
            orphaned=len(owners - accepted),
        )


def _kind_of(key: str) -> tuple[str, str]:
    """images/<project>/<id>.<kind> → (id, kind)"""
    owner, _, kind = key.rsplit("/", 1)[-1].partition(".")
    return owner, kind
