"""A file that kills, hangs or fools its decoder is refused, and the next one is read."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom import uid

from medloop.imaging.decoders.process import DECODER, DecoderProcess
from medloop.imaging.read import read_image
from medloop.rules.reasons import Reason, Refused
from tests.images import dicom, jpeg_dicom, ramp

HARMFUL = '''
"""Stands for decoders with a flaw: what they are told to do stands in the stream."""
import os, signal
import numpy as np

class PackbitsError(Exception):
    pass

def jpeg2k_decode(data, numthreads):
    os.kill(os.getpid(), signal.SIGSEGV)

def jpegls_decode(data):
    command = bytes(data)
    if command == b"kill":
        os.kill(os.getpid(), signal.SIGSEGV)
    if command == b"leave":
        os._exit(0)
    if command == b"hang":
        while True:
            pass
    if command == b"print":
        os.write(1, b"\\0" * 4096)
    if command == b"all memory":
        return np.zeros(2**30, "u8")
    if command == b"raise":
        raise OSError("PATIENT NAME in an error text")
    if command == b"objects":
        return np.array([{}], dtype=object)
    return np.arange(6, dtype="u2").reshape(2, 3)
'''
SECONDS = 30.0


@pytest.fixture
def harmful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Decoder processes that start now have harmful decoders."""
    (tmp_path / "imagecodecs.py").write_text(HARMFUL)
    with monkeypatch.context() as patch:
        patch.syspath_prepend(tmp_path)
        DECODER.close()
        yield
    DECODER.close()


@pytest.fixture
def decoder(harmful: None) -> Iterator[DecoderProcess]:
    made = DecoderProcess()
    yield made
    made.close()


def refused(decoder: DecoderProcess, command: bytes) -> Refused:
    with pytest.raises(Refused) as refusal:
        decoder.run("jpeg_ls", command, {"format": "dicom"})
    assert refusal.value.reason is Reason.UNDECODABLE
    assert refusal.value.facts["format"] == "dicom"
    return refusal.value


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (b"kill", "crash"),
        (b"leave", "crash"),
        (b"hang", "time"),
        (b"all memory", "MemoryError"),
        (b"raise", "OSError"),
        (b"objects", "crash"),
    ],
)
def test_the_next_file_is_read_by_another(decoder: DecoderProcess, command: bytes, error: str) -> None:
    began = time.monotonic()
    assert refused(decoder, command).facts["error"] == error
    values, _ = decoder.run("jpeg_ls", b"", {})
    assert values.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert time.monotonic() - began < SECONDS


def test_what_a_decoder_prints_breaks_into_nothing(decoder: DecoderProcess) -> None:
    values, _ = decoder.run("jpeg_ls", b"print", {})
    assert values.shape == (2, 3)


def test_its_error_text_stays_behind(decoder: DecoderProcess) -> None:
    assert "PATIENT" not in str(refused(decoder, b"raise").facts)


def test_a_dicom_file_that_kills_is_undecodable(harmful: None) -> None:
    stored = ramp(16, 16, "u1", step=1)
    with pytest.raises(Refused) as refusal:
        read_image(jpeg_dicom(stored, "JPEG2000", uid.JPEG2000Lossless))
    assert (refusal.value.reason, refusal.value.facts["error"]) == (Reason.UNDECODABLE, "crash")
    np.testing.assert_array_equal(read_image(dicom(stored)).values, stored)


def test_the_decoders_know_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, harmful: None
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "CANARY")
    told = tmp_path / "environment"
    spy = f"import os; open({str(told)!r}, 'w').write(str(dict(os.environ)))\n"
    (tmp_path / "imagecodecs.py").write_text(spy + HARMFUL)
    made = DecoderProcess()
    made.run("jpeg_ls", b"", {})
    made.close()
    assert "PATH" in told.read_text() and "CANARY" not in told.read_text()
