"""What asynchronous inference tells its topics, as AWS words it."""

import base64
import json
import logging

from botocore.exceptions import ClientError

from local import ministack
from local.sagemaker import clients, names
from local.sagemaker.instance import Answer
from local.sagemaker.state import Record

logger = logging.getLogger("sagemaker")

LONGEST_BODY = 128 * 1024
"""Bytes; a longer response is not repeated in its notice."""

SUCCESS = "SUCCESS_NOTIFICATION_TOPIC"


def success(request: Record, outcome: Record, answer: Answer) -> Record:
    response = {"contentType": answer.content_type, "outputLocation": request["OutputLocation"]}
    notice = {**_notice(request, "Completed"), "responseParameters": response}
    included = outcome.get("NotificationConfig", {}).get("IncludeInferenceResponseIn", [])
    if SUCCESS in included and len(answer.body) <= LONGEST_BODY:
        notice["responseBody"] = _body(answer.body)
    return notice


def failure(request: Record, reason: str) -> Record:
    return {**_notice(request, "Failed"), "failureReason": reason}


def publish(role: str, topic: str | None, notice: Record) -> None:
    """A topic that refuses costs the notice only, as on AWS; the output lies in S3 all the same."""
    if topic is None:
        return
    try:
        clients.as_role("sns", role, "SageMaker").publish(TopicArn=topic, Message=json.dumps(notice))
    except ClientError as error:
        logger.warning("notice of %s is lost: %s", notice["inferenceId"], error)


def _notice(request: Record, status: str) -> Record:
    parameters = {
        "accept": request.get("Accept"),
        "contentType": request.get("ContentType"),
        "customAttributes": request.get("CustomAttributes"),
        "endpointName": request["Endpoint"],
        "inputLocation": request["InputLocation"],
    }
    return {
        "awsRegion": ministack.region(),
        "eventTime": names.iso(names.now()),
        "receivedTime": names.iso(request["Received"]),
        "invocationStatus": status,
        "requestParameters": {name: value for name, value in parameters.items() if value},
        "inferenceId": request["InferenceId"],
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }


def _body(content: bytes) -> Record:
    try:
        return {"content": content.decode(), "encoding": "UTF-8"}
    except UnicodeDecodeError:
        return {"content": base64.b64encode(content).decode(), "encoding": "BASE64"}
