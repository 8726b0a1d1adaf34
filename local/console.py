"""The console's own address: a loopback port that speaks as a browser would to the laptop's CloudFront.

So the headers, the first page and the way into the bucket are the template's, and nothing of it is read from
this checkout.
"""

import functools
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

PASSED_ON = ("Accept", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "Range", "User-Agent")

OWN = {"connection", "transfer-encoding", "content-length", "date", "server", "keep-alive"}
"""Headers that belong to one connection, not to what it carries."""

NOT_YET = b"The console is not there yet: `medloop up` publishes it.\n"


class Console(ThreadingHTTPServer):
    """Answers GET and HEAD with what the distribution of this stage answers."""

    daemon_threads = True

    def __init__(self, port: int, endpoint: str, cloudfront: Any, stage: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.cloud = urlsplit(endpoint).netloc
        self.cloudfront, self.comment = cloudfront, f"medloop-{stage}"

    @functools.cached_property
    def distribution(self) -> str:
        """Its name; raises LookupError before the first deploy, and is asked for again then."""
        found = self.cloudfront.list_distributions()["DistributionList"].get("Items", [])
        for distribution in found:
            if distribution["Comment"] == self.comment:
                return str(distribution["DomainName"])
        raise LookupError(self.comment)


class _Handler(BaseHTTPRequestHandler):
    server: Console
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        try:
            answer, body = self._ask()
        except (OSError, HTTPException, LookupError):
            self._answer(503, [("Content-Type", "text/plain")], NOT_YET)
        else:
            self._answer(answer.status, [h for h in answer.getheaders() if h[0].lower() not in OWN], body)

    do_HEAD = do_GET

    def _ask(self) -> tuple[HTTPResponse, bytes]:
        headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
        # The loopback interface stands for TLS here, as it does for the template's policies.
        headers |= {"Host": self.server.distribution, "X-Forwarded-Proto": "https"}
        connection = HTTPConnection(self.server.cloud, timeout=20)
        try:
            connection.request(self.command, self.path, headers=headers)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet, as CloudFront is."""
