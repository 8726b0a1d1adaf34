"""Errors as RFC 9457 problem details, each with what to do about it."""

from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response
from pydantic import BaseModel, ConfigDict

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    model_config = ConfigDict(frozen=True)

    field: str
    problem: str


class ProblemDetails(BaseModel):
    """What every answer with a status of 400 or more holds."""

    model_config = ConfigDict(frozen=True)

    type: str
    """`urn:medloop:problem:` and a code that stays the same."""
    title: str
    status: int
    detail: str
    remedy: str
    """What to do."""
    request_id: str
    """Stands in the logs as well."""
    errors: tuple[FieldProblem, ...] = ()


class Problem(Exception):
    """The request cannot be done; the texts name no patient and quote nothing that was sent."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, remedy: str, errors: tuple[FieldProblem, ...] = ()
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.remedy, self.errors = status, code, detail, remedy, errors


def not_found(what: str = "thing") -> Problem:
    """Also for what exists and is not the caller's to know of."""
    return Problem(
        HTTPStatus.NOT_FOUND,
        "not-found",
        f"There is no such {what}, or it is not yours to see.",
        "Check the address; an administrator grants projects.",
    )


def conflict(code: str, detail: str, remedy: str) -> Problem:
    """The thing is not in a state for this."""
    return Problem(HTTPStatus.CONFLICT, code, detail, remedy)


def unusable(code: str, detail: str, remedy: str, *errors: FieldProblem) -> Problem:
    """The request is understood, and what it says cannot be used."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, code, detail, remedy, errors)


def answer(problem: Problem, request_id: str) -> Response[str]:
    details = ProblemDetails(
        type=f"urn:medloop:problem:{problem.code}",
        title=problem.status.phrase,
        status=problem.status,
        detail=problem.detail,
        remedy=problem.remedy,
        request_id=request_id,
        errors=problem.errors,
    )
    return Response(problem.status, MEDIA_TYPE, details.model_dump_json())


def invalid(errors: list[dict[str, Any]]) -> Problem:
    """What pydantic found; a path that names nothing is answered as what is not there."""
    if any(error["loc"][:1] == ("path",) for error in errors):
        return not_found()
    found = tuple(
        FieldProblem(field=".".join(str(part) for part in error["loc"]), problem=str(error["msg"]))
        for error in errors
    )
    return unusable(
        "invalid-request",
        "The request has fields that cannot be used.",
        "Correct the fields named in `errors`; /openapi.json describes them all.",
        *found,
    )
