"""What every resource of the API has in common, and who is asking for it."""

from aws_lambda_powertools.event_handler.api_gateway import Router
from pydantic import BaseModel, ConfigDict

from medloop.rules.access import Caller


class Resource(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Wish(BaseModel):
    """A request's body; what it misspells is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def caller(router: Router) -> Caller:
    """Whom the guard let in."""
    found: Caller = router.context["caller"]
    return found
