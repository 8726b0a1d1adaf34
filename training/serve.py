"""`python -m training.serve`: the model as SageMaker asks for it, `GET /ping` and `POST /invocations`."""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

import numpy as np
import torch

from training.answer import answer, answer_bytes
from training.artefact import Model, load_model
from training.container import Folders
from training.data.arrays import Scan
from training.desk import Desk
from training.failures import InvalidArray, InvalidModel
from training.network import best_device, placed

LARGEST_BODY = 512 * 1024 * 1024
"""Bytes; SageMaker's asynchronous endpoints would let 1 GB through."""
FORMS = {2: ("application/x-npy", ".npy file"), 3: ("application/x-nifti", "NIfTI file")}
"""What a model of pictures, and one of volumes, takes."""
PATIENCE = 20.0
"""Seconds a connection may be silent; also bounds how long a stop waits for it."""


class Server(ThreadingHTTPServer):
    """Holds the model; one thread per connection, so that pings are answered during a forward pass."""

    daemon_threads = False  # a stop lets requests in flight finish
    request_queue_size = 64

    def __init__(self, port: int, model: Model, device: torch.device) -> None:
        self.model, self.device, self.desk = model, device, Desk(model, device)
        # SageMaker reaches the container from outside; a laptop's server must not be reachable at all.
        super().__init__((os.environ.get("MEDLOOP_BIND_HOST", "0.0.0.0"), port), Handler)


def blank(model: Model) -> Scan:
    """An image of nothing."""
    dims = model.description.preprocessing.spatial_dims
    return Scan(np.zeros((1, *(8,) * dims), np.float32), np.eye(4) if dims == 3 else None)


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
            output = answer_bytes(self.server.model, self.server.device, self._body(), self.server.desk)
        except InvalidArray as error:
            self._reply(400, json.dumps({"error": str(error)}).encode())
            return
        self._reply(200, output.model_dump_json().encode())

    def _body(self) -> bytes:
        wanted, form = FORMS[self.server.model.description.preprocessing.spatial_dims]
        if self.headers.get_content_type() != wanted:
            raise InvalidArray(f"send one {form} as {wanted}")
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
    placed(model.network, model.description.preprocessing.spatial_dims, device)
    server = Server(int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")), model, device)
    # The first pass sets up kernels: better before the first ping than within the first answer.
    answer(model, device, blank(model), server.desk)

    def stop(number: int, frame: FrameType | None) -> None:
        # From a thread of its own: shutdown() waits for the loop that this handler interrupts.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    print(f"serving version {model.description.model_version} on port {server.server_port}", flush=True)
    with server:
        server.serve_forever(poll_interval=0.1)
    server.desk.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
