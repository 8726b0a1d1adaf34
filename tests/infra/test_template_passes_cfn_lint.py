"""cfn-lint has nothing to say, neither to the template as written nor to what SAM makes of it."""

import json
import subprocess
import sys
from pathlib import Path

from stack import REPOSITORY, expanded


def lint(*templates: Path, ignore: str = "") -> str:
    """What cfn-lint prints, or how it failed."""
    options = ["--ignore-checks", ignore] if ignore else []
    command = [str(Path(sys.executable).with_name("cfn-lint")), *options, "--", *map(str, templates)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else done.stdout + done.stderr or "failed without a word"


def test_the_template_as_written_has_no_findings() -> None:
    assert lint(REPOSITORY / "template.yaml") == ""


def test_the_expanded_template_has_no_findings(tmp_path: Path) -> None:
    file = tmp_path / "expanded.json"
    file.write_text(json.dumps(expanded(), indent=1))
    # W1020: SAM resolves the stage in the layer's name, and leaves Fn::Sub around it.
    assert lint(file, ignore="W1020") == ""
