"""`python -m training.serve`: the model as SageMaker asks for it, `GET /ping` and `POST /invocations`."""

import hashlib
import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

import numpy as np
import torch

from events.inference import ModelOutput
from training.artefact import Model, load_model
from training.container import Folders
from training.data import decode_array, preprocess
from training.evaluate import predict
from training.failures import InvalidArray, InvalidModel
from training.model import best_device

LARGEST_BODY = 512 * 1024 * 1024
"""Bytes; SageMaker's asynchronous endpoints would let 1 GB through."""
PATIENCE = 20.0
"""Seconds a connection may be silent; also bounds how long a stop waits for it."""


def answer(model: Model, device: torch.device, content: bytes) -> ModelOutput:
    """Raises InvalidArray when the content is not an image."""
    started = time.perf_counter()
    image = preprocess(decode_array(content), model.description.preprocessing)
    logits = predict(model.network, image[None], device, batch=1)[0]
    odds = np.exp(logits - logits.max())
    probabilities = dict(zip(model.description.classes, (odds / odds.sum()).tolist(), strict=True))
    label = max(probabilities, key=lambda name: probabilities[name])
    return ModelOutput(
        project=model.description.project,
        model_version=model.description.model_version,
        label=label,
        confidence=probabilities[label],
        probabilities=probabilities,
        input_sha256=hashlib.sha256(content).hexdigest(),
        seconds=time.perf_counter() - started,
    )


class Server(ThreadingHTTPServer):
    """Holds the model; one thread per connection, so that pings are answered during a forward pass."""

    daemon_threads = False  # a stop lets requests in flight finish
    request_queue_size = 64

    def __init__(self, port: int, model: Model, device: torch.device) -> None:
        self.model, self.device = model, device
        # SageMaker reaches the container from outside; a laptop's server must not be reachable at all.
        super().__init__((os.environ.get("MEDLOOP_BIND_HOST", "0.0.0.0"), port), Handler)


class Handler(BaseHTTPRequestHandler):
    # 1.1 for clients that send `Expect: 100-continue`; every answer closes its connection all the same.
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    server: Server

    def do_GET(self) -> None:
        self._reply(200 if self.path == "/ping" else 404, b"")

    def do_POST(self) -> None:
        if self.path != "/invocations":
            self._reply(404, b"")
            return
        try:
            output = answer(self.server.model, self.server.device, self._body())
        except InvalidArray as error:
            self._reply(400, json.dumps({"error": str(error)}).encode())
            return
        self._reply(200, output.model_dump_json().encode())

    def _body(self) -> bytes:
        if self.headers.get_content_type() != "application/x-npy":
            raise InvalidArray("send one .npy file as application/x-npy")
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            raise InvalidArray(f"Content-Length must be given and at most {LARGEST_BODY} bytes")
        return self.rfile.read(int(length))

    def _reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Pings come every few seconds and are not news."""
        if self.path != "/ping":
            print(f"path={self.path!r} status={code}", flush=True)


def main() -> int:
    """Serve until SIGTERM. Exit code 1 with a sentence when there is no model to serve."""
    try:
        model = load_model(Folders.from_environment().model)
    except InvalidModel as error:
        print(error, file=sys.stderr)
        return 1
    device = best_device()
    model.network.to(device)
    size, channels = model.description.preprocessing.size, model.description.preprocessing.channels
    # The first pass sets up kernels: better before the first ping than within the first answer.
    predict(model.network, torch.zeros(1, channels, size, size), device, batch=1)

    server = Server(int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")), model, device)

    def stop(number: int, frame: FrameType | None) -> None:
        # From a thread of its own: shutdown() waits for the loop that this handler interrupts.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    print(f"serving version {model.description.model_version} on port {server.server_port}", flush=True)
    with server:
        server.serve_forever(poll_interval=0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
