"""From the sign-in page to an answer of the API: by code and PKCE, and from the console's pages alone."""

from collections.abc import Iterator

import pytest

from local import people
from local.state import Laptop
from medloop.settings import Settings
from tests.e2e.sign_in import Visitor, ask, id_token

pytestmark = pytest.mark.cloud

ELSEWHERE = "http://evil.example"
NO_TOKEN = {
    "none": "",
    "not one": "Bearer nothing",
    "three empty parts": "Bearer ..",
    "unsigned": "Bearer eyJhbGciOiJub25lIn0.eyJjb2duaXRvOmdyb3VwcyI6WyJhZG1pbiJdfQ.",
}


@pytest.fixture(scope="module")
def token(cloud: Laptop, settings: Settings) -> str:
    return id_token(settings, "reader", people.password(cloud.home))


@pytest.fixture
def file(cloud: Laptop, settings: Settings) -> Iterator[str]:
    """A page beside the console's own."""
    s3, key = cloud.client("s3"), "of-a-test/page.html"
    place = {"Bucket": settings.console_bucket, "Key": key}
    s3.put_object(**place, Body=b"<p>here", ContentType="text/html; charset=utf-8", CacheControl="no-cache")
    yield key
    s3.delete_object(**place)


def test_who_signs_in_is_known_by_name_and_role(settings: Settings, token: str) -> None:
    answer = ask(f"{settings.api_url}/me", Authorization=f"Bearer {token}", Origin=settings.console_origin)
    assert answer.status == 200
    assert (answer.json["name"], answer.json["role"]) == ("reader", "medical-reader")
    assert answer.headers["Access-Control-Allow-Origin"] == settings.console_origin


def test_a_code_is_worth_nothing_without_its_verifier(cloud: Laptop, settings: Settings) -> None:
    visitor = Visitor(settings)
    code = visitor.code("reader", people.password(cloud.home))
    assert visitor.tokens(code, verifier="x" * 64).status == 400


def test_a_code_is_worth_tokens_once(cloud: Laptop, settings: Settings) -> None:
    visitor = Visitor(settings)
    code = visitor.code("reader", people.password(cloud.home))
    assert [visitor.tokens(code).status, visitor.tokens(code).status] == [200, 400]


def test_nobody_is_sent_back_to_another_page(settings: Settings) -> None:
    assert Visitor(settings).page(redirect_uri=f"{ELSEWHERE}/").status == 400


def test_health_is_told_to_anybody(settings: Settings) -> None:
    answer = ask(f"{settings.api_url}/health")
    assert (answer.status, answer.json["status"]) == (200, "ok")


@pytest.mark.parametrize("header", NO_TOKEN.values(), ids=NO_TOKEN)
def test_no_token_is_a_problem_that_says_what_to_do(settings: Settings, header: str) -> None:
    answer = ask(f"{settings.api_url}/projects", **({"Authorization": header} if header else {}))
    assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert set(answer.json) == {"type", "title", "status", "detail", "remedy", "request_id"}
    assert answer.json["request_id"] == answer.headers["X-Request-Id"]


def test_a_forged_token_is_refused(settings: Settings, token: str) -> None:
    head, claims, signature = token.split(".")
    changed = f"{head}.{claims}.{signature[:-8]}AAAAAAAA"
    assert ask(f"{settings.api_url}/me", Authorization=f"Bearer {changed}").status == 401


@pytest.mark.parametrize("origin", ["console", ELSEWHERE])
def test_the_api_lets_pages_of_the_console_alone_read_its_answers(settings: Settings, origin: str) -> None:
    sent = {"Origin": settings.console_origin if origin == "console" else origin}
    asked = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "authorization"}
    preflight = ask(f"{settings.api_url}/projects/chest", "OPTIONS", **sent, **asked)
    refusal = ask(f"{settings.api_url}/projects", **sent)
    assert preflight.status == 200
    for answer in (preflight, refusal):
        assert answer.headers["Access-Control-Allow-Origin"] == settings.console_origin
        assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("bucket", ["uploads", "curated", "models", "predictions", "backups"])
def test_buckets_let_pages_of_the_console_do_what_they_need(
    cloud: Laptop, settings: Settings, bucket: str, method: str
) -> None:
    url = f"{cloud.endpoint}/{getattr(settings, f'{bucket}_bucket')}/some/key"
    answers = [
        ask(url, "OPTIONS", Origin=origin, Access_Control_Request_Method=method)
        for origin in (settings.console_origin, ELSEWHERE)
    ]
    needed = (method == "PUT" and bucket == "uploads") or (
        method == "GET" and bucket in ("curated", "models", "predictions")
    )
    assert [answer.status for answer in answers] == [200 if needed else 403, 403]
    named = [answer.headers["Access-Control-Allow-Origin"] for answer in answers]
    assert named == [settings.console_origin if needed else None, None]


def test_the_console_is_served_with_the_templates_headers(settings: Settings, file: str) -> None:
    answer = ask(f"{settings.console_origin}/{file}")
    assert (answer.status, answer.body) == (200, b"<p>here")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy
    assert f"connect-src 'self' {settings.sign_in_url}" in policy
    assert "unsafe" not in policy and "*" not in policy


def test_what_the_browser_has_already_is_not_sent_again(settings: Settings, file: str) -> None:
    tag = str(ask(f"{settings.console_origin}/{file}").headers["ETag"])
    again = ask(f"{settings.console_origin}/{file}", If_None_Match=tag)
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["../../../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "//evil.example/", "no"]
)
def test_nothing_but_the_bucket_is_served(settings: Settings, path: str) -> None:
    answer = ask(f"{settings.console_origin}/{path}")
    assert answer.status in (400, 403, 404)
    assert b"root:" not in answer.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_console_takes_nothing(settings: Settings, method: str) -> None:
    assert ask(f"{settings.console_origin}/index.html", method, b"x").status in (403, 405, 501)
