"""The errors SageMaker answers with."""


class ServiceError(Exception):
    """Becomes an error response: what boto3 raises as ClientError."""

    def __init__(self, code: str, message: str, status: int = 400, **details: object) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.details = code, message, status, details


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def missing(what: str, arn: str) -> ServiceError:
    return invalid(f'Could not find {what} "{arn}".')


def taken(what: str, arn: str) -> ServiceError:
    return invalid(f'Cannot create already existing {what} "{arn}".')
