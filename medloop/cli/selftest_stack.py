"""`medloop selftest --against-stack`: the corpus through a deployed intake, verdict by verdict."""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from medloop.aws import objects
from medloop.aws.clients import client
from medloop.catalogue.projects import get_project
from medloop.cli.target import connect
from medloop.cli.uploads import Sent, verdicts
from medloop.cli.waiting import wait_for
from medloop.platform import catalogue
from medloop.rules.intake import image_id
from medloop.rules.project import Project
from medloop.selftest.case import Case, Sample
from medloop.selftest.outcome import Outcome


@dataclass(frozen=True)
class Expected:
    """One upload of the corpus."""

    case: str
    key: str
    verdict: str


def run_on_stack(cases: Iterable[Case]) -> Iterator[Outcome]:
    """Upload every file anew, wait for its verdict, compare; nothing but verdicts can be seen from here.

    Files that collide with others are uploaded after those are decided.
    """
    bucket = connect().uploads_bucket
    made = {case: list(case.make()) for case in cases}
    for project in {
        sample.project.project: sample.project for one in made.values() for sample in one
    }.values():
        create(bucket, project)
    started = time.monotonic()
    decided: dict[Expected, str] = {}
    for last in (False, True):
        sent = [pair for case, samples in made.items() for pair in send(bucket, case, samples, last)]
        rows = verdicts([upload for _, upload in sent])
        for expected, upload in sent:
            row = rows[upload.upload]
            decided[expected] = row.reason or row.state if row.state == "quarantined" else row.state
    seconds = time.monotonic() - started
    for case in made:
        found = {expected: got for expected, got in decided.items() if expected.case == case.id}
        yield outcome(case, found, seconds / max(1, len(decided)))


def create(bucket: str, project: Project) -> None:
    """The scratch project `selftest`, and one for each other policy of the corpus."""
    name, text = project.project, yaml.safe_dump(project.model_dump(mode="json"))
    objects.write(bucket, f"{name}/project.yaml", text.encode(), "application/yaml")
    wait_for(f"project {name}", lambda: catalogue().read(lambda conn: get_project(conn, name)) == project)


def send(bucket: str, case: Case, samples: Sequence[Sample], last: bool) -> Iterator[tuple[Expected, Sent]]:
    """A new version of every upload with a certain verdict: what an earlier run left does not count."""
    for sample in samples:
        for key, content in sample.uploads.items():
            if key not in sample.verdicts or (key in sample.last) is not last:
                continue
            whole = f"{sample.project.project}/{key}"
            answer = client("s3").put_object(Bucket=bucket, Key=whole, Body=content)
            upload = image_id(bucket, whole, str(answer.get("VersionId", "null")))
            yield Expected(case.id, whole, sample.verdicts[key]), Sent(Path(key), upload, fresh=True)


def outcome(case: Case, found: dict[Expected, str], seconds: float) -> Outcome:
    surprises = tuple(
        f"upload {number}: expected {expected.verdict}, got {got}"
        for number, (expected, got) in enumerate(found.items(), start=1)
        if got != expected.verdict
    )
    words = ", ".join(dict.fromkeys(expected.verdict for expected in found))
    got = ", ".join(dict.fromkeys(found.values()))
    return Outcome(case.id, words, got, surprises, seconds * len(found), 0.0, 0, len(found))
