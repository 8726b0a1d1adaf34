"""Bad requests get a clear answer that says what to do: nothing is lost, nothing is leaked."""

import base64
import json
import uuid
from typing import Any

import pytest
import requests

from local.state import Laptop
from medloop.aws import objects
from medloop.catalogue.predictions import Prediction
from medloop.catalogue.results import results_of
from medloop.platform import catalogue
from medloop.settings import Settings
from tests.e2e.loop import Loop, until
from tests.e2e.people import Person, hire

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def engineer(settings: Settings, shapes: Loop) -> Person:
    person = hire(settings, "engineer")
    hire(settings, "admin").put(f"/grants/{person.name}/{shapes.project}")
    return person


def told(answer: requests.Response, status: int) -> dict[str, Any]:
    """The problem, which must be whole."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["detail"] and problem["remedy"] and problem["request_id"]
    return problem


def tampered(token: str, **claims: Any) -> str:
    """The same token with other claims, under the old signature."""
    head, body, signature = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    forged = base64.urlsafe_b64encode(json.dumps(content | claims).encode()).decode().rstrip("=")
    return f"{head}.{forged}.{signature}"


def unsigned(token: str) -> str:
    """The `alg: none` trick."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


def test_a_request_without_a_token_is_told_to_sign_in(engineer: Person) -> None:
    told(requests.get(f"{engineer.api}/me", timeout=30), 401)


@pytest.mark.parametrize("forge", ["claims", "unsigned", "garbage", "expired"])
def test_a_forged_token_is_no_token(engineer: Person, forge: str) -> None:
    token = {
        "claims": tampered(engineer.token, **{"cognito:groups": ["admin"]}),
        "unsigned": unsigned(engineer.token),
        "garbage": "Bearer",
        "expired": tampered(engineer.token, exp=1),
    }[forge]
    answer = requests.get(f"{engineer.api}/me", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    told(answer, 401)


@pytest.mark.parametrize(
    "path",
    [
        "/projects/..%2f..%2fetc",
        "/projects/%00",
        "/projects/SHAPES",
        "/projects/shapes/images/..%2F..%2F1",
        "/projects/shapes/images/%27%3B--",
        "/projects/shapes/predictions/none/files/..%2fmask",
        "/projects/shapes/models/1/files/..%2F..%2Fmodel.tar.gz",
        "/projects/shapes/models/99999999999999999999",
        "/nothing/here",
    ],
)
def test_tricks_in_paths_find_nothing(engineer: Person, path: str) -> None:
    told(engineer.get(path), 404)


def test_another_projects_id_is_not_found_under_ones_own(engineer: Person, settings: Settings) -> None:
    admin = hire(settings, "admin")
    name = f"far-{uuid.uuid4().hex[:8]}"
    admin.put(f"/projects/{name}", {"classes": ["a", "b"]})
    files = {"purpose": "images", "files": [{"name": "x.png", "size": 3}]}
    place = admin.post(f"/projects/{name}/uploads", files).json()["files"][0]
    assert requests.put(place["url"], data=b"abc", timeout=30).ok
    listing = f"/projects/{name}/images?file={place['file']}"
    until("the verdict", lambda: bool(admin.get(listing).json()["items"]))
    foreign = admin.get(listing).json()["items"][0]["id"]
    told(engineer.get(f"/projects/shapes/images/{foreign}"), 404)
    told(engineer.post(f"/projects/shapes/images/{foreign}/retry"), 404)


@pytest.mark.parametrize(
    "query", ["limit=10000", "limit=0", "limit=many", "state=lost", "file=1", "stat=received"]
)
def test_unusable_queries_name_the_field(engineer: Person, query: str) -> None:
    problem = told(engineer.get(f"/projects/shapes/images?{query}"), 422)
    assert problem["errors"][0]["field"].startswith("query")


@pytest.mark.parametrize("cursor", ["abc", base64.urlsafe_b64encode(b'["x","y"]').decode().rstrip("=")])
def test_a_made_up_cursor_is_refused(engineer: Person, cursor: str) -> None:
    told(engineer.get(f"/projects/shapes/images?cursor={cursor}"), 422)


@pytest.mark.parametrize("body", ["{", '{"purpose":', "[]", '"text"', "\x00", '{"purpose": "labelled"}', ""])
def test_malformed_json_is_refused(engineer: Person, body: str) -> None:
    told(engineer.send("POST", "/projects/shapes/uploads", body.encode(), "application/json"), 422)


@pytest.mark.parametrize(
    "media_type", ["application/xml", "text/csv", "multipart/form-data", "application/x-www-form-urlencoded"]
)
def test_an_unknown_media_type_is_refused(engineer: Person, media_type: str) -> None:
    told(engineer.send("POST", "/projects/shapes/uploads", b"<a/>", media_type), 415)


@pytest.mark.parametrize("name", ["../x.png", "a//b.png", "a/./b.png", "/abs.png", "x\n.png", "é" * 500])
def test_names_that_a_browser_would_change_are_refused(engineer: Person, name: str) -> None:
    wish = {"purpose": "images", "files": [{"name": name, "size": 1}]}
    told(engineer.post("/projects/shapes/uploads", wish), 422)


def test_a_file_of_another_size_than_was_said_is_not_taken(engineer: Person) -> None:
    wish = {"purpose": "images", "files": [{"name": f"{uuid.uuid4().hex}.png", "size": 3}]}
    place = engineer.post("/projects/shapes/uploads", wish).json()["files"][0]
    assert requests.put(place["url"], data=b"more than three", timeout=30).status_code == 403
    assert engineer.get(f"/projects/shapes/images?file={place['file']}").json()["items"] == []


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(engineer: Person) -> None:
    wish = {"purpose": "images", "files": [{"name": "huge.dcm", "size": 2**40}]}
    assert told(engineer.post("/projects/shapes/uploads", wish), 422)["type"].endswith("too-large")


def test_an_upload_in_parts_survives_a_lost_connection(engineer: Person) -> None:
    size = 65 * MEGABYTE
    name = f"{uuid.uuid4().hex}.dcm"
    wish = {"purpose": "images", "files": [{"name": name, "size": size}]}
    place = engineer.post("/projects/shapes/uploads", wish).json()["files"][0]
    assert place["parts"] == 2
    session = {"session": place["session"]}
    parts = "/projects/shapes/uploads/parts"
    first = engineer.post(parts, {**session, "numbers": [1]}).json()["parts"][0]
    assert requests.put(first["url"], data=b"1" * place["part_bytes"], timeout=60).ok
    # Here the line is lost: nothing of it is known but the session.
    problem = told(engineer.post("/projects/shapes/uploads/complete", session), 409)
    assert problem["detail"] == f"{64 * MEGABYTE} of {size} bytes have arrived."
    again = engineer.post(parts, {**session, "numbers": [2]}).json()
    assert [(part["number"], part["size"]) for part in again["present"]] == [(1, 64 * MEGABYTE)]
    assert requests.put(again["parts"][0]["url"], data=b"2" * MEGABYTE, timeout=60).ok
    taken = engineer.post("/projects/shapes/uploads/complete", session)
    assert taken.status_code == 200, taken.text
    listing = f"/projects/shapes/images?file={taken.json()['file']}"
    until(
        "the verdict", lambda: [i["state"] for i in engineer.get(listing).json()["items"]] == ["quarantined"]
    )
    told(engineer.post("/projects/shapes/uploads/complete", session), 409)


def test_an_upload_that_was_thrown_away_is_gone(engineer: Person) -> None:
    wish = {"purpose": "images", "files": [{"name": f"{uuid.uuid4().hex}.dcm", "size": 65 * MEGABYTE}]}
    session = {"session": engineer.post("/projects/shapes/uploads", wish).json()["files"][0]["session"]}
    for _ in range(2):
        assert engineer.post("/projects/shapes/uploads/abort", session).status_code == 200
    told(engineer.post("/projects/shapes/uploads/complete", session), 409)


def test_a_session_of_another_project_is_not_found(engineer: Person, settings: Settings) -> None:
    forged = {"key": "elsewhere/images/x.dcm", "upload": "u", "size": 1}
    session = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode()
    told(engineer.post("/projects/shapes/uploads/complete", {"session": session}), 404)


def test_the_same_key_does_a_thing_once(engineer: Person) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    wish = {"purpose": "images", "files": [{"name": "once.png", "size": 1}]}
    first = engineer.post("/projects/shapes/uploads", wish, key)
    assert engineer.post("/projects/shapes/uploads", wish, key).json() == first.json()
    other = {"purpose": "images", "files": [{"name": "twice.png", "size": 1}]}
    told(engineer.post("/projects/shapes/uploads", other, key), 422)


def test_a_result_that_somebody_changed_is_not_given_out(
    engineer: Person, shapes: Loop, samples: Any
) -> None:
    content = sorted((samples / "predict").iterdir())[1].read_bytes()
    prediction = shapes.predict(content, "tampered")
    until("the results", lambda: bool(files_of(prediction)))
    kind = next(iter(files_of(prediction)))
    place = f"/projects/shapes/predictions/{prediction.id}/files/{kind}"
    assert engineer.get(place).status_code == 200
    objects.write(shapes.settings.predictions_bucket, files_of(prediction)[kind], b"somebody else's")
    assert told(engineer.get(place), 409)["type"].endswith("tampered")


def files_of(prediction: Prediction) -> dict[str, str]:
    return {row.kind: row.path for row in catalogue().read(lambda conn: results_of(conn, prediction.id))}


def test_only_the_console_may_ask_from_a_browser(engineer: Person, cloud: Laptop) -> None:
    ours = requests.get(f"{engineer.api}/health", headers={"Origin": engineer.console}, timeout=30)
    assert ours.headers["Access-Control-Allow-Origin"] == engineer.console
    theirs = requests.get(f"{engineer.api}/health", headers={"Origin": "https://evil.example"}, timeout=30)
    assert theirs.headers.get("Access-Control-Allow-Origin") in (None, engineer.console)
