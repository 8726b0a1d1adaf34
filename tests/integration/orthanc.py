"""A real archive: Orthanc with its DICOMweb plugin, on a free port of this machine."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAM = shutil.which("Orthanc")
PLUGINS = Path("/usr/share/orthanc/plugins")
MISSING = PROGRAM is None or not any(PLUGINS.glob("libOrthancDicomWeb*"))
REASON = "Debian's orthanc and orthanc-dicomweb are not installed; `make oracles` does it"
USER, PASSWORD = "reader", "fiction"


@contextmanager
def orthanc(folder: Path, **options: object) -> Iterator[str]:
    """Its address, without the DICOMweb root."""
    port = free_port()
    settings = {
        "Name": "test",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "Plugins": [str(PLUGINS)],
        "HttpPort": port,
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        **options,
    }
    configuration = folder / "orthanc.json"
    configuration.write_text(json.dumps(settings))
    assert PROGRAM is not None
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, str(configuration)], stdout=log, stderr=log)
        try:
            _wait(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("Orthanc does not start")


def stored(address: str) -> list[str]:
    """SOP instance UIDs in the archive."""
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, address, USER, PASSWORD)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
    with opener.open(f"{address}/dicom-web/instances", timeout=30) as answer:
        return [item["00080018"]["Value"][0] for item in json.load(answer)]
