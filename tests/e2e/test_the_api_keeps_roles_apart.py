"""Every operation, asked by every role of its own and of another project, through the deployed gateway."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import pytest

from medloop.catalogue.audit import AuditRow
from medloop.catalogue.jobs import Job
from medloop.catalogue.pages import page_of_audit
from medloop.catalogue.results import results_of
from medloop.catalogue.uploads import get_uploads
from medloop.platform import catalogue
from medloop.rules.access import ACCESS, ROLES, Caller, Role, decide
from medloop.settings import Settings
from tests.e2e.loop import Loop, until
from tests.e2e.people import Person, hire

STATUS = {"hidden": {404}, "refused": {403}}
DEFINITION = {"classes": ["cross", "ring", "sphere"], "training": {"recipe": "debug"}}


@dataclass(frozen=True)
class Question:
    method: str
    path: str
    body: dict[str, object] | None = None


def questions(project: str, image: str, prediction: str, job: str) -> dict[str, Question]:
    """Each harmless where it is allowed: what would change something names what is not there."""
    here, none = f"/projects/{project}", "0" * 32
    session = {"session": "bm9uZQ=="}
    return {
        "get_me": Question("GET", "/me"),
        "list_projects": Question("GET", "/projects"),
        "get_project": Question("GET", here),
        "put_project": Question("PUT", here, {"classes": ["only one"]}),
        "get_overview": Question("GET", f"{here}/overview"),
        "create_uploads": Question("POST", f"{here}/uploads", {"purpose": "labels", "files": [FILE]}),
        "sign_parts": Question("POST", f"{here}/uploads/parts", {**session, "numbers": [1]}),
        "complete_upload": Question("POST", f"{here}/uploads/complete", session),
        "abort_upload": Question("POST", f"{here}/uploads/abort", session),
        "list_images": Question("GET", f"{here}/images"),
        "get_image": Question("GET", f"{here}/images/{image}"),
        "get_image_content": Question("GET", f"{here}/images/{image}/content"),
        "release_image": Question("POST", f"{here}/images/{none}/release"),
        "retry_image": Question("POST", f"{here}/images/{none}/retry"),
        "list_datasets": Question("GET", f"{here}/datasets"),
        "list_jobs": Question("GET", f"{here}/jobs"),
        "create_job": Question("POST", f"{here}/jobs"),
        "get_job": Question("GET", f"{here}/jobs/{job}"),
        "get_curves": Question("GET", f"{here}/jobs/{job}/curves"),
        "cancel_job": Question("POST", f"{here}/jobs/{job}/cancel"),
        "list_models": Question("GET", f"{here}/models"),
        "get_model": Question("GET", f"{here}/models/1"),
        "get_model_file": Question("GET", f"{here}/models/1/files/MODEL_CARD.md"),
        "approve_model": Question("POST", f"{here}/models/99/approve"),
        "promote_model": Question("POST", f"{here}/models/99/promote"),
        "rollback_model": Question("POST", f"{here}/rollback"),
        "list_predictions": Question("GET", f"{here}/predictions"),
        "get_prediction": Question("GET", f"{here}/predictions/{prediction}"),
        "get_prediction_file": Question("GET", f"{here}/predictions/{prediction}/files/json"),
        "put_review": Question("PUT", f"{here}/predictions/{prediction}/review", {"verdict": "agree"}),
        "list_alerts": Question("GET", "/alerts"),
        "list_queues": Question("GET", "/queues"),
        "redrive_queue": Question("POST", "/queues/backups-due/redrive"),
        "list_grants": Question("GET", "/grants"),
        "put_grant": Question("PUT", f"/grants/nobody-{uuid.uuid4().hex[:8]}/{project}"),
        "delete_grant": Question("DELETE", f"/grants/nobody/{project}"),
        "list_audit": Question("GET", "/audit"),
    }


FILE = {"name": "labels.csv", "size": 1}


@pytest.fixture(scope="module")
def people(settings: Settings, shapes: Loop) -> Iterator[dict[Role, Person]]:
    """One of each role; none but administrators may see the project `elsewhere`."""
    admin = hire(settings, "admin")
    found: dict[Role, Person] = {"admin": admin}
    admin.put("/projects/elsewhere", DEFINITION)
    for role in ("engineer", "medical-reader"):
        found[role] = hire(settings, role)  # type: ignore[index, arg-type]
        assert admin.put(f"/grants/{found[role].name}/{shapes.project}").status_code == 200  # type: ignore[index]
    yield found


@pytest.fixture(scope="module")
def granted_wishes(people: dict[Role, Person], shapes: Loop) -> Iterator[list[str]]:
    """To train, as they are granted; nothing of them is left afterwards."""
    before, wishes = len(shapes.jobs()), list[str]()
    yield wishes
    if wishes:
        until("the job that was asked for", lambda: len(shapes.jobs()) > before)
    until("its end", lambda: all(is_over(people["admin"], shapes, job) for job in shapes.jobs()), 180)


def rows_of(person: Person) -> list[AuditRow]:
    return catalogue().read(lambda conn: page_of_audit(conn, None, 1000, actor=person.name))


def is_over(admin: Person, loop: Loop, job: Job) -> bool:
    if job.finished_at is None:
        admin.post(f"/projects/{loop.project}/jobs/{job.name}/cancel")
    return job.finished_at is not None


@pytest.fixture(scope="module")
def own(settings: Settings, shapes: Loop, samples) -> dict[str, Question]:  # type: ignore[no-untyped-def]
    prediction = shapes.predict(next(iter(sorted((samples / "predict").iterdir()))).read_bytes(), "matrix")
    until("the results", lambda: bool(catalogue().read(lambda conn: results_of(conn, prediction.id))))
    return questions(shapes.project, prediction.image, prediction.id, shapes.jobs()[0].name)


@pytest.fixture(scope="module")
def others(own: dict[str, Question]) -> dict[str, Question]:
    return questions("elsewhere", "0" * 32, "none", "none")


def test_every_operation_is_asked(own: dict[str, Question]) -> None:
    assert own.keys() == ACCESS.keys()


@pytest.mark.parametrize(("role", "operation"), list(product(ROLES, sorted(ACCESS))))
@pytest.mark.parametrize("where", ["own", "others"])
def test_the_answer_is_the_one_that_the_role_may_get(
    people: dict[Role, Person],
    own: dict[str, Question],
    others: dict[str, Question],
    granted_wishes: list[str],
    shapes: Loop,
    role: Role,
    operation: str,
    where: str,
) -> None:
    question = (own if where == "own" else others)[operation]
    person = people[role]
    project = (shapes.project if where == "own" else "elsewhere") if is_about(question) else None
    expected = decide(Caller(person.name, role, frozenset({shapes.project})), operation, project)
    answer = person.ask(question.method, question.path, question.body)
    if answer.status_code == 202 and operation == "create_job" and where == "own":
        granted_wishes.append(role)
    if expected == "allowed":
        # What it is about may not be there, or not be in a state for it: that is not for the role to say.
        assert answer.status_code in {200, 202, 204, 404, 409, 422}, answer.text
        assert answer.status_code != 404 or where == "others" or operation in MISSING, answer.text
    else:
        assert answer.status_code in STATUS[expected], answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"


MISSING = {"release_image", "retry_image", "approve_model", "promote_model", "delete_grant"}


def is_about(question: Question) -> bool:
    return question.path.startswith(("/projects/", "/grants/"))


def test_every_request_left_a_row(people: dict[Role, Person], shapes: Loop) -> None:
    reader = people["medical-reader"]
    path = f"/projects/{shapes.project}/predictions"
    request = reader.get(path).headers["X-Request-Id"]
    found = next(row for row in rows_of(reader) if row.request == request)
    assert (found.operation, found.role, found.outcome) == ("list_predictions", "medical-reader", "allowed")


def test_a_reader_learns_no_file_name(people: dict[Role, Person], shapes: Loop) -> None:
    listed = people["medical-reader"].get(f"/projects/{shapes.project}/images").json()["items"]
    assert listed and all(image["name"] is None for image in listed)
    keys = [row.key for row in catalogue().read(lambda conn: get_uploads(conn, [i["id"] for i in listed]))]
    assert not [key for key in keys if key.rsplit("/", 1)[-1] in json.dumps(listed)]


def test_a_grant_that_was_taken_away_counts_at_once(people: dict[Role, Person], settings: Settings) -> None:
    reader = hire(settings, "medical-reader")
    path = f"/grants/{reader.name}/elsewhere"
    assert reader.get("/projects/elsewhere").status_code == 404
    people["admin"].put(path)
    assert reader.get("/projects/elsewhere").status_code == 200
    assert people["admin"].delete(path).status_code == 204
    assert reader.get("/projects/elsewhere").status_code == 404
