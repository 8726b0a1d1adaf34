"""A ministack with medloop's SageMaker for the tests of one file, and the little scripts it runs."""

import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config

REPOSITORY = Path(__file__).parents[2]
BUCKET = "medloop-test"
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/medloop:test"

SERVING = """
import json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
word = (Path(os.environ["SAGEMAKER_BASE_DIR"]) / "model" / "word.txt").read_text()
class Door(BaseHTTPRequestHandler):
    def do_GET(self): self.answer(200, b"")
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body.startswith(b"bad"): self.answer(400, b"not an image")
        elif body.startswith(b"die"): os._exit(3)
        else:
            time.sleep(3 if body.startswith(b"slow") else 0)
            self.answer(200, json.dumps({"word": word, "body": body.decode()}).encode())
    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
ThreadingHTTPServer(("127.0.0.1", int(os.environ["SAGEMAKER_BIND_TO_PORT"])), Door).serve_forever()
"""


class Server:
    """One folder's server; it may be killed and started again on the same port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        variables = {
            "GATEWAY_PORT": str(self.port),
            "AUTH": "true",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.home / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.home / "s3"),
            "MEDLOOP_SAGEMAKER_DIR": str(self.home / "sagemaker"),
            "MEDLOOP_STOP_GRACE_SECONDS": "2",
            "MEDLOOP_SCALE_IN_SECONDS": "1",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
        }
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local.ministack"],
                cwd=REPOSITORY,
                env={**kept, **variables},
                stdout=log,
                stderr=log,
            )
        eventually(self._answers)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(number)
            self.process.wait(30)
            self.process = None

    def client(self, service: str, **credentials: str) -> Any:
        given = credentials or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
            **given,
        )

    def role(self, name: str, statements: list[dict[str, Any]]) -> str:
        """A role that SageMaker and everybody may assume, with these permissions."""
        principal = {"Service": "sagemaker.amazonaws.com", "AWS": "*"}
        trust = [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]
        iam = self.client("iam")
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=_policy(statements))
        return str(role["Arn"])

    def allow(self, role: str, statements: list[dict[str, Any]]) -> None:
        """More permissions for a role that there is."""
        self.client("iam").put_role_policy(
            RoleName=role, PolicyName="more", PolicyDocument=_policy(statements)
        )

    def as_role(self, arn: str, service: str) -> Any:
        keys = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return self.client(
            service,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )

    def queue_of_events(self, detail_type: str) -> Callable[[], list[dict[str, Any]]]:
        """Listens from now on; each call answers what came since the last one."""
        return self._listener("events", lambda arn: self._rule(detail_type, arn))

    def topic(self, name: str) -> tuple[str, Callable[[], list[dict[str, Any]]]]:
        sns = self.client("sns")
        topic = sns.create_topic(Name=name)["TopicArn"]

        def subscribe(arn: str) -> None:
            raw = {"RawMessageDelivery": "true"}
            sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)

        return topic, self._listener(name, subscribe)

    def put(self, key: str, content: bytes) -> str:
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}"

    def get(self, uri: str) -> bytes:
        key = uri.removeprefix(f"s3://{BUCKET}/")
        return bytes(self.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def archive(self, uri: str) -> dict[str, bytes]:
        """The files of a tar.gz in the bucket."""
        with tarfile.open(fileobj=BytesIO(self.get(uri))) as tar:
            return {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}  # type: ignore[union-attr]

    def train(self, name: str, script: str, **changes: Any) -> str:
        """Start a job that runs this Python text; its name."""
        file = self.home / f"{name}.py"
        file.write_text(script)
        request = {
            "TrainingJobName": name,
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "ContainerEntrypoint": [sys.executable, "-I", "-S", str(file)],
            },
            "RoleArn": "arn:aws:iam::000000000000:role/execution",
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/jobs"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        }
        self.client("sagemaker").create_training_job(**{**request, **changes})
        return name

    def ended(self, job: str) -> dict[str, Any]:
        """The job's description once it came to its end."""

        def look() -> Any:
            found = self.client("sagemaker").describe_training_job(TrainingJobName=job)
            return found if found["TrainingJobStatus"] in ("Completed", "Failed", "Stopped") else None

        return dict(eventually(look))

    def model(self, name: str, word: str, script: str = SERVING) -> str:
        """A model that answers with this word, and an endpoint configuration of the same name for it."""
        packed = BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as tar:
            member = tarfile.TarInfo("word.txt")
            member.size = len(word)
            tar.addfile(member, BytesIO(word.encode()))
        file = self.home / f"{name}.py"
        file.write_text(script)
        command = json.dumps([sys.executable, "-I", "-S", str(file)])
        self.client("sagemaker").create_model(
            ModelName=name,
            ExecutionRoleArn="arn:aws:iam::000000000000:role/execution",
            PrimaryContainer={
                "Image": IMAGE,
                "ModelDataUrl": self.put(f"models/{name}.tar.gz", packed.getvalue()),
                "Environment": {"MEDLOOP_SERVE_COMMAND": command},
            },
        )
        return name

    def config(self, model: str, **more: Any) -> str:
        variant = {"VariantName": "champion", "ModelName": model, "InstanceType": "ml.m5.large"}
        self.client("sagemaker").create_endpoint_config(
            EndpointConfigName=model, ProductionVariants=[{**variant, "InitialInstanceCount": 1}], **more
        )
        return model

    def settled(self, endpoint: str) -> dict[str, Any]:
        """The endpoint's description once nothing is under way."""

        def look() -> Any:
            found = self.client("sagemaker").describe_endpoint(EndpointName=endpoint)
            return found if found["EndpointStatus"] in ("InService", "Failed") else None

        return dict(eventually(look))

    def containers(self) -> list[psutil.Process]:
        """Processes that work in this server's folder."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("SAGEMAKER_BASE_DIR", "").startswith(str(self.home)):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def prepare(self) -> None:
        """The bucket, and the role that jobs and models run under."""
        self.client("s3").create_bucket(Bucket=BUCKET)
        allowed = ["s3:*", "sns:Publish", "logs:*"]
        self.role("execution", [{"Effect": "Allow", "Action": allowed, "Resource": "*"}])

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.home / "server.log").read_text()[-2000:]
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _rule(self, detail_type: str, queue: str) -> None:
        events, name = self.client("events"), detail_type.replace(" ", "-")
        pattern = {"source": ["aws.sagemaker"], "detail-type": [detail_type]}
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])

    def _listener(self, name: str, connect: Callable[[str], None]) -> Callable[[], list[dict[str, Any]]]:
        sqs = self.client("sqs")
        anyone = [{"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]
        url = sqs.create_queue(QueueName=f"{name}-{time.time_ns()}", Attributes={"Policy": _policy(anyone)})[
            "QueueUrl"
        ]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        connect(attributes["QueueArn"])

        def receive() -> list[dict[str, Any]]:
            found = []
            while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
                for message in messages:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                    found.append(json.loads(message["Body"]))
            return found

        return receive


@contextmanager
def server(home: Path) -> Iterator[Server]:
    """A prepared server; nothing of it is left afterwards."""
    running = Server(home)
    try:
        running.start()
        running.prepare()
        yield running
    finally:
        running.stop()
    assert running.containers() == []


def eventually(look: Callable[[], Any], seconds: float = 30.0) -> Any:
    """The first truth that `look` finds."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.1)
    return found


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
