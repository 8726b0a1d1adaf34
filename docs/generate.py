"""Writes the pages that are drawn from code: `python docs/generate.py [page …]`, all without names."""

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from events.results import Result
from medloop.api.app import make_app
from medloop.api.openapi import described
from medloop.rules.access import ACCESS, ROLES
from medloop.rules.project import Deidentification, Gate, Intake, Project, Retraining, Series, Training
from medloop.rules.reasons import Reason
from medloop.rules.recipe import Augmentation, Recipe, ResNet, UNet
from medloop.rules.recipes import RECIPES

HERE = Path(__file__).parent


def reasons() -> str:
    """docs/reasons.md: every reason code with its sentence and its hint."""
    rows = [
        f"| `{reason.value}` | {reason.explanation.sentence} | {reason.explanation.hint} |"
        for reason in Reason
    ]
    return "\n".join(
        [
            "# Why an upload is refused",
            "",
            "Every refused object version has one of these codes in the catalogue, in the metrics and in the",
            "`UploadQuarantined` event. The source object stays where it was uploaded.",
            "",
            "| code | what was found | what to do |",
            "|---|---|---|",
            *rows,
            "",
            "Generated from `medloop/rules/reasons.py` by `python docs/generate.py reasons.md`.",
            "",
        ]
    )


VOCABULARY = (
    "uploads",
    "series",
    "dataset",
    "training",
    "evaluation",
    "models",
    "inference",
    "results",
    "upkeep",
    "alarms",
)


def events() -> str:
    """docs/events.md: every message of the vocabulary with its fields."""
    sections = [section(name) for name in VOCABULARY]
    return "\n".join(
        [
            "# What the parts say to each other",
            "",
            "Messages that AWS services write are read as they are; only the fields used are listed.",
            "`events/samples/` holds one real envelope per door.",
            "",
            *sections,
            "Generated from `events/` by `python docs/generate.py events.md`.",
            "",
        ]
    )


def section(name: str) -> str:
    module = ast.parse((HERE.parent / "events" / f"{name}.py").read_text())
    messages = [message(node) for node in module.body if isinstance(node, ast.ClassDef)]
    return "\n".join([f"## events/{name}.py", "", ast.get_docstring(module) or "", "", *messages])


def message(model: ast.ClassDef) -> str:
    bases = ", ".join(ast.unparse(base) for base in model.bases)
    about = [text, ""] if (text := ast.get_docstring(model)) else []
    table = ["| field | type | |", "|---|---|---|", *fields(model), ""]
    return "\n".join([f"### {model.name} ({bases})", "", *about, *table])


def fields(model: ast.ClassDef) -> list[str]:
    """A row per field, with the docstring under it, as the code writes them."""
    rows = []
    for node, following in zip(model.body, [*model.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign):
            kind = ast.unparse(node.annotation).replace("|", "\\|")
            rows.append(f"| `{wire_name(node)}` | `{kind}` | {text_of(following)} |")
    return rows


def wire_name(node: ast.AnnAssign) -> str:
    """The alias where the field has one: what stands in the JSON."""
    keywords = node.value.keywords if isinstance(node.value, ast.Call) else []
    alias = next((k.value for k in keywords if k.arg == "alias"), node.target)
    return ast.unparse(alias).strip("'")


def text_of(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return " ".join(str(node.value.value).split())
    return ""


EXAMPLE = """```yaml
classes: [normal, pneumonia]
intake:
  strictness: strict
deidentification:
  dates: shift
  retain_patient_characteristics: true
training:
  recipe: small
  max_minutes: 30
gate:
  minimum_score: 0.85
retraining:
  every_days: 7
  after_new_labels: 200
```"""


def projects() -> str:
    """docs/projects.md: every field of project.yaml with its default."""
    source = ast.parse((HERE.parent / "medloop" / "rules" / "project.py").read_text())
    nodes = {node.name: node for node in source.body if isinstance(node, ast.ClassDef)}
    sections = [
        ("", Project),
        ("intake", Intake),
        ("deidentification", Deidentification),
        ("series", Series),
        ("training", Training),
        ("gate", Gate),
        ("retraining", Retraining),
    ]
    parts = [project_section(title, model, nodes[model.__name__]) for title, model in sections]
    return "\n".join(
        [
            "# project.yaml",
            "",
            "One file per project, uploaded as `<project>/project.yaml` or made by `medloop project create`.",
            "Only the classes must be named. A new version takes effect when it is uploaded; images refused",
            "for want of the project or a class are then taken in by themselves.",
            "",
            EXAMPLE,
            "",
            *parts,
            "Generated from `medloop/rules/project.py` by `python docs/generate.py projects.md`.",
            "",
        ]
    )


def project_section(title: str, model: type[BaseModel], node: ast.ClassDef) -> str:
    rows = []
    for row, (name, field) in zip(fields(node), model.model_fields.items(), strict=True):
        nested = isinstance(field.default, BaseModel)
        default = "see below" if nested else "required" if field.is_required() else f"`{field.default}`"
        rows.append(f"{row.rstrip('|').rstrip()} | {default} |")
        assert f"`{name}`" in row
    head = [f"## {title}", ""] if title else []
    return "\n".join([*head, "| field | type | | default |", "|---|---|---|---|", *rows, ""])


FIELDS_OF_RECIPES = (
    ("", Recipe),
    ("network: ResNet", ResNet),
    ("network: UNet", UNet),
    ("augmentation", Augmentation),
)
KINDS = {
    ("classification", 2): "Classes of pictures",
    ("classification", 3): "Classes of volumes",
    ("segmentation", 2): "Structures in pictures",
    ("segmentation", 3): "Structures in volumes",
}
COMPARED = ("size", "network", "epochs", "batch", "least_batches", "most_batches", "learning_rate", "ema")


def recipes() -> str:
    """docs/recipes.md: every recipe, and every field that a project may override."""
    source = ast.parse((HERE.parent / "medloop" / "rules" / "recipe.py").read_text())
    nodes = {node.name: node for node in source.body if isinstance(node, ast.ClassDef)}
    fields_of = [project_section(title, model, nodes[model.__name__]) for title, model in FIELDS_OF_RECIPES]
    return "\n".join(
        [
            "# Recipes",
            "",
            "A project names one in `training.recipe` and changes fields of it in `training.overrides`;",
            "`medloop train --here` takes `--recipe` and `--override`. Contradictions are refused when",
            "project.yaml is uploaded. Several labels an image are learnt as classes are.",
            "",
            *(kind_of_recipes(title, *kind) for kind, title in KINDS.items()),
            "# Fields",
            "",
            *fields_of,
            "Generated from `medloop/rules/recipe.py`, `recipes.py` by `python docs/generate.py recipes.md`.",
            "",
        ]
    )


def kind_of_recipes(title: str, task: str, dims: int) -> str:
    made = [recipe() for (kind, spatial, _), recipe in RECIPES.items() if (kind, spatial) == (task, dims)]
    rows = [f"| `{name}` | " + " | ".join(shown(recipe, name) for recipe in made) + " |" for name in COMPARED]
    head = "| | " + " | ".join(f"`{recipe.name}`" for recipe in made) + " |"
    return "\n".join([f"## {title}", "", head, "|---" * (len(made) + 1) + "|", *rows, ""])


def shown(recipe: Recipe, name: str) -> str:
    value = getattr(recipe, name)
    if isinstance(value, ResNet | UNet):
        return ", ".join(f"{key} {_plain(own)}" for key, own in value if key != "kind" and own)
    return _plain(value)


def _plain(value: object) -> str:
    return "-".join(map(str, value)) if isinstance(value, tuple) else f"{value}"


def result_schema() -> str:
    """docs/result.schema.json: what a program that reads `result.json` may rely on."""
    return json.dumps(Result.model_json_schema(), indent=2) + "\n"


def openapi() -> str:
    """docs/openapi.json: what the deployed API serves under /openapi.json."""
    return json.dumps(json.loads(described(make_app(""))), indent=1) + "\n"


def api() -> str:
    """docs/api.md: every operation, and who may do it."""
    paths = json.loads(described(make_app("")))["paths"]
    rows = [
        f"| `{method.upper()} {path}` | {told['summary']} | {allowed(told['operationId'])} |"
        for path, methods in sorted(paths.items())
        for method, told in methods.items()
    ]
    return "\n".join([API_INTRODUCTION, "| operation | | who |", "|---|---|---|", *rows, "", API_SOURCE, ""])


def allowed(operation: str) -> str:
    roles = ACCESS.get(operation)
    return "anybody" if roles is None else ", ".join(role for role in ROLES if role in roles)


API_INTRODUCTION = """# The API

At `ApiUrl` of the stack's outputs, with an ID token of its Cognito user pool as `Authorization: Bearer …`.
`/openapi.json` there ([a copy](openapi.json)) describes every field. The console asks for nothing else.

- **Who**: a person's Cognito group is their role; the highest counts. Engineers and medical readers work in
  the projects that an administrator granted them, an engineer also in those they create. What is not theirs
  answers 404, as if it did not exist. Grants are looked up with every request.
- **Audit**: before anything is read or done, who asked for what is added to a trail whose rows hold the hash
  of the row before; `medloop audit verify` proves it.
- **Errors** are `application/problem+json` with `detail`, `remedy` and the `request_id` that the logs carry.
- **Lists** are pages of up to 200 items, newest first; `next` is the `cursor` of the page after.
- **Writes** may carry an `Idempotency-Key`: for a day, a repetition gets the first answer again.
- **202** means that a door was asked; the thing's state tells how far it is.
- **Files** are fetched from and sent to S3, by addresses that are good for a quarter of an hour. A result
  that is not what was written is not given out.
"""
API_SOURCE = "Generated from `medloop/api` and `medloop/rules/access.py` by `python docs/generate.py api.md`."


PAGES: dict[str, Callable[[], str]] = {
    "api.md": api,
    "events.md": events,
    "openapi.json": openapi,
    "projects.md": projects,
    "reasons.md": reasons,
    "recipes.md": recipes,
    "result.schema.json": result_schema,
}
"""One entry per page: its name, and what writes it."""


def main(names: list[str]) -> None:
    for name in names or list(PAGES):
        (HERE / name).write_text(PAGES[name](), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
