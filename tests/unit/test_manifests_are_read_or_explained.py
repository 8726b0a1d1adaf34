"""A manifest names files below its folder; what is wrong with it is told by the number of the entry."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medloop.rules.manifests import MAX_FILES, MAX_MANIFEST_BYTES, ManifestFile, parse_manifest
from medloop.rules.paths import path_problem
from medloop.rules.reasons import Reason, Refused

SHA = "0123456789abcdef" * 4


def manifest(*entries: object) -> bytes:
    return json.dumps({"files": list(entries)}).encode()


def problem(content: bytes) -> dict[str, Any]:
    with pytest.raises(Refused) as refusal:
        parse_manifest(content)
    assert refusal.value.reason is Reason.INVALID_MANIFEST
    return refusal.value.facts


def test_files_are_named_with_and_without_checksums() -> None:
    content = manifest({"path": "a/1.dcm", "sha256": SHA.upper()}, {"path": "./b//2.dcm", "size": 7})
    assert parse_manifest(content).files == (ManifestFile("a/1.dcm", SHA), ManifestFile("b/2.dcm"))


def test_what_windows_puts_before_its_text_is_passed_over() -> None:
    assert parse_manifest(b"\xef\xbb\xbf" + manifest({"path": "1.dcm"})).files == (ManifestFile("1.dcm"),)


def test_a_manifest_prints_no_names() -> None:
    assert "nora" not in repr(parse_manifest(manifest({"path": "nora.dcm"})))


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("../1.dcm", "path_parent"),
        ("a/../../1.dcm", "path_parent"),
        ("/1.dcm", "path_absolute"),
        ("C:/1.dcm", "path_drive"),
        ("a\\1.dcm", "path_backslash"),
        ("1\x00.dcm", "path_control"),
        ("\ud800.dcm", "path_encoding"),
        ("x" * 1025, "path_length"),
        ("", "path"),
        ("./", "path"),
        (7, "path"),
        (None, "path"),
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(path: object, word: str) -> None:
    assert problem(manifest({"path": "fine.dcm"}, {"path": path})) == {"problem": word, "entry": 2}


@pytest.mark.parametrize("sha256", ["", "abc", SHA + "0", SHA[:-1] + "g", 7, ["a"]])
def test_a_checksum_that_is_none_is_refused(sha256: object) -> None:
    assert problem(manifest({"path": "1.dcm", "sha256": sha256})) == {"problem": "sha256", "entry": 1}


def test_a_file_named_twice_is_refused() -> None:
    assert problem(manifest({"path": "1.dcm"}, {"path": "./1.dcm"})) == {"problem": "duplicate", "entry": 2}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"\xff\xfe{}", "json"),
        (b"[" * 100_000, "json"),
        (b'{"files": ' + b"1" * 5000 + b"}", "json"),
        (b"[]", "files"),
        (b"{}", "files"),
        (b'{"files": {}}', "files"),
        (b'{"files": []}', "files"),
        (manifest("1.dcm"), "entry"),
        (b'{"files": [' + b"1," * MAX_FILES + b"1]}", "too_many_files"),
        (b" " * (MAX_MANIFEST_BYTES + 1), "size"),
    ],
)
def test_what_is_no_manifest_is_refused(content: bytes, word: str) -> None:
    assert problem(content)["problem"] == word


def outcome(content: bytes) -> tuple[ManifestFile, ...]:
    try:
        files = parse_manifest(content).files
    except Refused as refusal:
        assert refusal.reason is Reason.INVALID_MANIFEST
        return ()
    assert files and all(path_problem(file.path) is None for file in files)
    return files


def test_a_cut_manifest_is_refused() -> None:
    whole = manifest(*({"path": f"{number}.dcm", "sha256": SHA} for number in range(20)))
    assert not any(outcome(whole[:length]) for length in range(len(whole)))


def test_an_altered_manifest_is_read_or_refused() -> None:
    whole, chance = manifest(*({"path": f"{n}.dcm", "sha256": SHA} for n in range(20))), random.Random(7)
    for _ in range(1000):
        altered = bytearray(whole)
        for _ in range(chance.randint(1, 8)):
            altered[chance.randrange(len(whole))] = chance.randrange(256)
        outcome(bytes(altered))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["path", "sha256", "x"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(JSON, max_size=4), st.binary(max_size=50))
def test_any_content_is_read_or_refused(entries: list[Any], noise: bytes) -> None:
    outcome(noise)
    outcome(manifest(*entries))
