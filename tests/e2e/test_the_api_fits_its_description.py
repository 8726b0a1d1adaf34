"""Whatever is asked of the API, it answers as its description says: no 5xx, no answer of another form."""

import json
import os
from http import HTTPStatus
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis import settings as examples
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    use_after_free,
)

from medloop.settings import Settings
from tests.e2e.people import Person, hire

EXAMPLES = int(os.environ.get("API_EXAMPLES", "12"))
"""Of each operation; a thousand in `make test-all`."""

# Left out: positive_data_acceptance, since rules go beyond what a schema says (a class that the project does
# not have), and unsupported_method, since an unknown method of a known path answers 404 here.
CHECKS = (
    not_a_server_error,
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    use_after_free,
)

DESCRIPTION = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
schema = schemathesis.openapi.from_dict(DESCRIPTION)


@pytest.fixture(scope="module")
def admin(settings: Settings) -> Person:
    return hire(settings, "admin")


@schema.parametrize()
@examples(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_described(admin: Person, case: schemathesis.Case) -> None:
    answer = case.call(base_url=admin.api, headers={"Authorization": f"Bearer {admin.token}"})
    case.validate_response(answer, checks=CHECKS)


def test_the_api_serves_its_description(admin: Person) -> None:
    answer = admin.get("/openapi.json")
    assert answer.status_code == HTTPStatus.OK
    assert answer.json() == DESCRIPTION
