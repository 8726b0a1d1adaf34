"""Somebody asks the API: who they are was checked at the gateway, what they may is checked here."""

from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from medloop.api.app import make_app
from medloop.aws.door import logger, metrics, tracer
from medloop.settings import settings

app = make_app(settings().console_origin)
metrics.set_default_dimensions(Stage=settings().stage)


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False, capture_error=False)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    answer = app.resolve(event, context)
    failed = int(answer["statusCode"]) >= 500
    metrics.add_metric("ApiErrorRate", MetricUnit.Percent, 100 if failed else 0)
    headers = answer.setdefault("multiValueHeaders", {})
    headers["X-Request-Id"] = [event["requestContext"]["requestId"]]
    headers["Cache-Control"] = ["no-store"]
    return answer
