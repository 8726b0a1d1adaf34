"""The API: everything but two addresses asks for a token, and pages of the console alone read the answers."""

import json
from collections.abc import Iterator
from typing import Any

from stack import Stack, origin

OPEN = {("/health", "get"), ("/openapi.json", "get"), ("/{proxy+}", "options")}
"""What is answered without a token: what says nothing of anybody, and the preflight, which carries none."""

ROUTES = OPEN | {("/{proxy+}", "x-amazon-apigateway-any-method")}

AUTHORIZER = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    "x-amazon-apigateway-authtype": "cognito_user_pools",
    "x-amazon-apigateway-authorizer": {
        "type": "cognito_user_pools",
        "providerARNs": [{"Fn::GetAtt": ["UserPool", "Arn"]}],
    },
}

LAMBDA = (
    "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:medloop-${Stage}-on-api-request"
)
INVOKE = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
ASKS_THE_DOOR = {
    "type": "aws_proxy",
    "httpMethod": "POST",
    "uri": {"Fn::Sub": f"{INVOKE}{LAMBDA}/invocations"},
}

HEADER = "method.response.header."
PREFLIGHT = {
    "Access-Control-Allow-Origin": "stageVariables.consoleOrigin",
    "Access-Control-Allow-Methods": "'GET,POST,PUT,DELETE'",
    "Access-Control-Allow-Headers": "'Authorization,Content-Type,Idempotency-Key'",
    "Access-Control-Max-Age": "'7200'",
    "Vary": "'Origin'",
}
SAYS_WHO_MAY = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {
        "default": {
            "statusCode": "200",
            "responseParameters": {HEADER + name: value for name, value in PREFLIGHT.items()},
        }
    },
}
DECLARED = {name: {"schema": {"type": "string"}} for name in PREFLIGHT}

REFUSALS = {
    "UNAUTHORIZED": 401,
    "ACCESS_DENIED": 403,
    "WAF_FILTERED": 403,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "REQUEST_TOO_LARGE": 413,
    "THROTTLED": 429,
    "DEFAULT_4XX": 400,
    "DEFAULT_5XX": 500,
}
"""What API Gateway says in the door's place, and the status of each."""

REFUSAL_HEADERS = {
    "gatewayresponse.header.Content-Type": "'application/problem+json'",
    "gatewayresponse.header.X-Request-Id": "context.requestId",
    "gatewayresponse.header.Cache-Control": "'no-store'",
    "gatewayresponse.header.Access-Control-Allow-Origin": "stageVariables.consoleOrigin",
    "gatewayresponse.header.Access-Control-Expose-Headers": "'X-Request-Id'",
    "gatewayresponse.header.Vary": "'Origin'",
}

API: dict[str, Any] = {
    "EndpointConfiguration": {"Types": ["REGIONAL"]},
    "Parameters": {"endpointConfigurationTypes": "REGIONAL"},
    "SecurityPolicy": "SecurityPolicy_TLS13_1_2_2021_06",
    "EndpointAccessMode": "BASIC",
    "MinimumCompressionSize": 1024,
}
STAGE: dict[str, Any] = {
    "StageName": "api",
    "TracingEnabled": True,
    "Variables": {"consoleOrigin": origin()},
    "MethodSettings": [
        {
            "ResourcePath": "/*",
            "HttpMethod": "*",
            "ThrottlingRateLimit": 100,
            "ThrottlingBurstLimit": 200,
            "MetricsEnabled": True,
        }
    ],
}


def problems(stack: Stack) -> Iterator[str]:
    api, stage = stack.properties("Api"), stack.properties("ApiapiStage")
    yield from (f"Api: {key}" for key, value in API.items() if api.get(key) != value)
    yield from (f"its stage: {key}" for key, value in STAGE.items() if stage.get(key) != value)
    if stage.get("RestApiId") != {"Ref": "Api"} or "DeploymentId" not in stage:
        yield "the stage serves something else"
    body = api.get("Body", {})
    yield from route_problems(body)
    yield from refusal_problems(body.get("x-amazon-apigateway-gateway-responses", {}))
    yield from log_problems(stack)


def route_problems(body: dict[str, Any]) -> Iterator[str]:
    if not body.get("openapi") or set(body.get("info", {})) != {"title", "version"}:
        yield "this is no OpenAPI document"
    if body.get("components", {}).get("securitySchemes") != {"SignedIn": AUTHORIZER}:
        yield "tokens are not held against the user pool"
    if body.get("security") != [{"SignedIn": []}]:
        yield "a route that says nothing is open"
    routes = {(path, method): o for path, item in body.get("paths", {}).items() for method, o in item.items()}
    if set(routes) != ROUTES:
        yield f"other routes: {set(routes) ^ ROUTES}"
    for route, operation in routes.items():
        if operation.get("security") != ([] if route in OPEN else [{"SignedIn": []}]):
            yield f"{route} asks others for a token than it should"
        integration = SAYS_WHO_MAY if route[1] == "options" else ASKS_THE_DOOR
        if operation.get("x-amazon-apigateway-integration") != integration:
            yield f"{route} is answered by something else"
    declared = routes.get(("/{proxy+}", "options"), {}).get("responses", {}).get("200", {})
    if declared.get("headers") != DECLARED or not declared.get("description"):
        yield "API Gateway would refuse the preflight's headers"


def refusal_problems(refusals: dict[str, Any]) -> Iterator[str]:
    if set(refusals) != set(REFUSALS):
        yield "some refusals are API Gateway's own words"
    for kind, refusal in refusals.items():
        if refusal.get("statusCode") != str(REFUSALS[kind]):
            yield f"{kind} has another status"
        if refusal.get("responseParameters") != REFUSAL_HEADERS:
            yield f"{kind}: pages of the console cannot read it, or others can"
        problem = json.loads(refusal["responseTemplates"]["application/json"])
        if set(problem) != {"type", "title", "status", "detail", "remedy", "request_id"}:
            yield f"{kind} is not as every other problem"
        if problem["status"] != REFUSALS[kind] or problem["request_id"] != "$context.requestId":
            yield f"{kind} says another status, or no request"


def log_problems(stack: Stack) -> Iterator[str]:
    """Who asked for what is kept, and nothing of a token or a query string."""
    setting = stack.properties("ApiapiStage").get("AccessLogSetting", {})
    if setting.get("DestinationArn") != {"Fn::GetAtt": ["ApiLogs", "Arn"]}:
        yield "nobody knows who asked"
    fields = set(json.loads(setting.get("Format", "{}")).values())
    if not fields >= {
        "$context.requestId",
        "$context.authorizer.claims.sub",
        "$context.path",
        "$context.status",
    }:
        yield "the access log does not say who asked for what"
    if any("requestOverride" in field or "query" in field.lower() for field in fields):
        yield "the access log keeps query strings"
    if stack.properties("ApiLogs").get("RetentionInDays") != {"Ref": "LogRetentionDays"}:
        yield "the access log is kept for ever"
    if list(stack.of_type("ApiGateway::Account").values()) != [
        {"CloudWatchRoleArn": {"Fn::GetAtt": ["ApiAccountRole", "Arn"]}}
    ]:
        yield "API Gateway may not write its log"
    # The setting is the account's: other stages need it when this one is gone.
    for name in ("ApiAccount", "ApiAccountRole"):
        kept = (stack.resources[name].get(key) for key in ("DeletionPolicy", "UpdateReplacePolicy"))
        if set(kept) != {"Retain"}:
            yield f"{name} goes with the stack"
    if stack.resources["Api"].get("DependsOn") != "ApiAccount":
        yield "a first deploy sets up the log before it may be written"


def test_every_route_but_the_open_ones_asks_for_a_token(stack: Stack) -> None:
    assert not list(problems(stack))


def test_no_origin_is_a_wildcard(stack: Stack) -> None:
    assert "'*'" not in json.dumps(stack.properties("Api"))
