"""A registered model carries its evidence, within what the registry takes."""

import unicodedata

from medloop.aws.registry import evidence_of
from tests.evaluations import against, evaluation, scores, subgroup

LONG = "logistic regression, 16x16 \u2013 (thumbnails)\n" * 20


def test_the_evidence_of_a_challenger() -> None:
    calibrated = scores(0.9, calibration_error=0.03)
    evidence = evidence_of("job-1", against(challenger=calibrated, subgroups=(subgroup("sex", "F"),)))
    assert evidence["metric"] == "accuracy"
    assert (evidence["value"], evidence["interval"]) == ("0.900000", "0.860000 to 0.940000")
    assert evidence["calibration_error"] == "0.030000"
    assert evidence["baseline_value"] == "0.500000"
    assert (evidence["champion_version"], evidence["champion_value"]) == ("1", "0.900000")
    assert evidence["difference"] == "0.000000 to 0.050000"
    assert (evidence["test_items"], evidence["test_digest"]) == ("100", "e" * 64)
    assert evidence["subgroups"] == "1"


def test_a_first_model_names_no_champion() -> None:
    evidence = evidence_of("job-1", evaluation())
    assert not [name for name in evidence if "champion" in name or name == "difference"]


def test_every_entry_is_one_that_sagemaker_takes() -> None:
    evidence = evidence_of("job-1", against(baseline_name=LONG))
    assert len(evidence) <= 50
    assert all(len(name) <= 128 and 1 <= len(value) <= 256 for name, value in evidence.items())
    for character in "".join([*evidence, *evidence.values()]):
        assert unicodedata.category(character)[0] in "LNZ" or character in "_.:/=+-@"
