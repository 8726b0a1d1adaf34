"""Asked by API Gateway: what people and the console want to know, and to do."""

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig

from medloop.settings import settings

app = APIGatewayRestResolver(
    cors=CORSConfig(allow_origin=settings().console_origin, expose_headers=["X-Request-Id"])
)


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok", "stage": settings().stage}


@app.get("/me")
def me() -> dict[str, Any]:
    claims = app.current_event.request_context.authorizer.claims or {}
    return {"name": claims.get("cognito:username"), "role": claims.get("cognito:groups")}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)
