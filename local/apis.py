"""REST APIs as their OpenAPI body describes them; ministack 1.5.33 imports routes and authorizers alone.

Left out there: methods under `x-amazon-apigateway-any-method`, what a mock answers, gateway responses, and
stage variables in a mock's headers.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

ANY = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
RESPONSES = "x-amazon-apigateway-gateway-responses"
VARIABLE = "stageVariables."

_stage: ContextVar[Mapping[str, Any]] = ContextVar("stage")
"""Of the request that is being answered."""


def amend(gateway: Any) -> None:
    """Must run before the first API is made, in ministack's process."""
    gateway._OPENAPI_HTTP_METHODS.add("any")
    _import_any_method(gateway)
    _import_mocks(gateway)
    _import_gateway_responses(gateway)
    _fill_stage_variables(gateway)


def _import_any_method(gateway: Any) -> None:
    imported = gateway._import_path_item

    def import_path_item(api: str, path: str, item: Mapping[str, Any], *security: Any) -> None:
        imported(api, path, {"any" if key == ANY else key: value for key, value in item.items()}, *security)

    gateway._import_path_item = import_path_item


def _import_mocks(gateway: Any) -> None:
    imported = gateway._import_operation

    def import_operation(
        api: str, resource: str, method: str, operation: Mapping[str, Any], *security: Any
    ) -> None:
        imported(api, resource, method, operation, *security)
        integration = operation.get(INTEGRATION, {})
        if integration.get("type") == "mock":
            templates = {"type": "MOCK", "requestTemplates": integration.get("requestTemplates", {})}
            gateway._put_integration(api, resource, method, templates)
            for pattern, answer in integration.get("responses", {}).items():
                selected = {**answer, "selectionPattern": "" if pattern == "default" else pattern}
                gateway._put_integration_response(api, resource, method, answer["statusCode"], selected)

    gateway._import_operation = import_operation


def _import_gateway_responses(gateway: Any) -> None:
    imported = gateway._import_rest_api

    def import_rest_api(body: Mapping[str, Any], *properties: Any) -> str:
        api = str(imported(body, *properties))
        for kind, response in body.get(RESPONSES, {}).items():
            gateway._put_gateway_response(api, kind, response)
        return api

    gateway._import_rest_api = import_rest_api


def _fill_stage_variables(gateway: Any) -> None:
    execute, mock = gateway._execute_in_scope, gateway._invoke_mock_v1

    async def execute_in_scope(request: Any, api: str, stage: str, *call: Any) -> Any:
        _stage.set(gateway._stages_v1.get(api, {}).get(stage) or {})
        return await execute(request, api, stage, *call)

    def invoke_mock(integration: Mapping[str, Any]) -> Any:
        variables = _stage.get().get("variables") or {}
        answers = {
            status: {**answer, "responseParameters": filled(answer.get("responseParameters", {}), variables)}
            for status, answer in integration.get("integrationResponses", {}).items()
        }
        return mock({**integration, "integrationResponses": answers})

    gateway._execute_in_scope, gateway._invoke_mock_v1 = execute_in_scope, invoke_mock


def filled(headers: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """
    >>> filled({"Vary": "'Origin'", "Allow": "stageVariables.origin"}, {"origin": "http://here"})
    {'Vary': "'Origin'", 'Allow': "'http://here'"}
    """
    return {
        name: f"'{variables.get(value.removeprefix(VARIABLE), '')}'" if value.startswith(VARIABLE) else value
        for name, value in headers.items()
    }
