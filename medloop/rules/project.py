"""A project as its owner writes it: `<project>/project.yaml`."""

import json
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from events.message import ClassName, ProjectName
from medloop.rules.recipe import Recipe
from medloop.rules.recipes import InvalidRecipe, RecipeName, check_start, choose_recipe

MAX_HYPERPARAMETER = 2500
"""Characters in one value of CreateTrainingJob's HyperParameters."""


START_PATTERN = r"^[0-9a-f]{64}\.(pt|safetensors)$"
"""SHA-256 of the weights, and how they are stored."""


class InvalidProject(ValueError):
    """project.yaml cannot be used; the text says which field and why."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gate(Section):
    """When a challenger may replace the champion."""

    minimum_score: float = Field(default=0.6, ge=0.0, le=1.0)
    """On the locked test images, in the task's metric: accuracy, macro AUROC or mean Dice; also binds the
    very first model."""
    margin: float = Field(default=0.02, ge=0.0, le=1.0)
    """Non-inferiority: the interval of (challenger - champion) must lie above minus this."""
    minimum_test_items: int = Field(default=10, ge=1)
    """Images or volumes."""
    minimum_subgroup_items: int = Field(default=30, ge=1)
    """A subgroup of fewer test images, or fewer patients, is reported and decides nothing."""
    minimum_subgroup_patients: int = Field(default=10, ge=1)
    subgroup_margin: float = Field(default=0.05, ge=0.0, le=1.0)
    """The margin within each subgroup; wider than the overall one, because a subgroup is smaller."""
    beat_baseline: bool = True
    """The challenger must not be worse than the trivial baseline by more than the margin."""
    maximum_calibration_error: float | None = Field(default=None, ge=0.0, le=1.0)
    """Of the confidences, which a segmentation has none of; None demands nothing."""


class Retraining(Section):
    """When training falls due without anybody asking."""

    every_days: int | None = Field(default=7, ge=1)
    """None switches the schedule off."""
    after_new_labels: int | None = Field(default=100, ge=1)
    cooldown_hours: float = Field(default=24.0, ge=0.0)


class Training(Section):
    """How a model is made, and what that may cost; the smaller of the two caps counts."""

    recipe: RecipeName = "small"
    """A minute on a CPU, minutes on a GPU, or what reaches the published accuracies."""
    overrides: dict[str, JsonValue] = {}
    """Fields of the recipe to change, such as `epochs: 12`."""
    max_minutes: int = Field(default=60, ge=1, le=24 * 60)
    """Of training; start-up, evaluation and uploads come on top."""
    max_cost_usd: float | None = Field(default=None, gt=0, le=100_000)
    """Of one job with everything, at the instance's on-demand price: on spare capacity it costs less."""
    instance_count: int = Field(default=1, ge=1, le=8)
    """Machines that train together."""
    seed: int = Field(default=0, ge=0)
    start: str | None = Field(default=None, pattern=START_PATTERN)
    """Weights that every training starts from instead of random ones; `medloop project weights` stores them
    and says what to write here."""

    @model_validator(mode="after")
    def overrides_fit_a_hyperparameter(self) -> "Training":
        # Infinity and NaN are no JSON: ValueError.
        if len(json.dumps(self.overrides, allow_nan=False)) > MAX_HYPERPARAMETER:
            raise ValueError("overrides: all together are too long for a SageMaker job")
        return self


class Intake(Section):
    """What is taken in although it is not quite right."""

    strictness: Literal["lenient", "strict"] = "lenient"
    """Lenient takes in what can be repaired without guessing, and records that; strict refuses it."""
    polyglots: Literal["refuse", "clean"] = "refuse"
    """DICOM files whose preamble is a program (PE, ELF, Mach-O): refuse them, or erase the preamble."""
    misnamed: Literal["accept", "refuse"] = "accept"
    """Files whose extension names another format than their content."""
    burned_in: Literal["review", "accept"] = "review"
    """Pixels that carry text, or usually do: hold them for a person, or trust the source."""


class Deidentification(Section):
    """Options of the Basic Application Level Confidentiality Profile (DICOM PS3.15 Annex E, Table E.1-1)."""

    retain_uids: bool = False
    retain_device_identity: bool = False
    retain_institution_identity: bool = False
    retain_patient_characteristics: bool = False
    dates: Literal["remove", "shift", "retain"] = "shift"
    """Shift: every date of a patient by the same number of days, so that intervals survive."""
    clean_descriptors: bool = False
    """Keep descriptions after cleaning them, instead of emptying them."""
    retain_safe_private: bool = False
    """Keep the private elements that PS3.15 Table E.3.10-1 names as safe."""


class Series(Section):
    """How slices become volumes, and when a series counts as complete."""

    quiet_minutes: float = Field(default=5.0, gt=0, le=24 * 60)
    """A series without manifest or archive is assembled after this long without another arrival."""
    spacing_tolerance: float = Field(default=0.01, ge=0, le=1)
    """Relative deviation of one gap between slices from the usual one that still counts as regular."""
    gaps: Literal["refuse", "accept"] = "refuse"
    """Series with missing or irregularly spaced slices."""
    tilt: Literal["resample", "refuse"] = "resample"
    """Series with gantry tilt: shear them upright, or refuse."""
    minimum_slices: int = Field(default=2, ge=2)


class Project(Section):
    """Everything the platform needs to know about one project; every field but two has a default."""

    project: ProjectName
    task: Literal["classification", "multilabel", "segmentation"] = "classification"
    """One class an image, any number of classes an image, or one class a pixel or voxel."""
    classes: tuple[ClassName, ...] = Field(min_length=1, max_length=1000)
    """At least two for classification."""
    spatial_dims: Literal[2, 3] = 2
    """What one sample is: a picture, or a volume (assembled from a series, or a NIfTI file)."""
    intake: Intake = Intake()
    deidentification: Deidentification = Deidentification()
    series: Series = Series()
    training: Training = Training()
    gate: Gate = Gate()
    retraining: Retraining = Retraining()

    @model_validator(mode="after")
    def classes_are_distinct(self) -> "Project":
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("classes: each may be named once")
        if len(json.dumps(self.classes)) > MAX_HYPERPARAMETER:
            raise ValueError("classes: all names together are too long for a SageMaker job")
        if self.task == "classification" and len(self.classes) < 2:
            raise ValueError("classes: classification needs at least two")
        if self.task == "multilabel" and any("|" in name for name in self.classes):
            raise ValueError("classes: | parts the classes of an image in its label, so no name may hold it")
        return self

    @model_validator(mode="after")
    def a_recipe_suits(self) -> "Project":
        """Contradictions are refused at upload, not by a GPU that is paid for."""
        overrides = self.training.overrides
        if unknown := sorted(set(overrides) - set(Recipe.model_fields)):
            raise ValueError(f"training: overrides: a recipe has no {', '.join(unknown)}")
        try:
            recipe = choose_recipe(self.task, self.spatial_dims, self.training.recipe, overrides)
            check_start(recipe, self.training.start)
        except InvalidRecipe as error:
            raise ValueError(f"training: {error}") from None
        return self


def parse_project(text: str | bytes, folder: str) -> Project:
    """Read project.yaml found under `folder`/.

    Raises:
        InvalidProject: not YAML, a wrong or unknown field, or a name other than its folder's.
    """
    try:
        content: Any = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidProject("not valid YAML") from error
    if not isinstance(content, dict):
        raise InvalidProject("expected `field: value` lines")
    try:
        project = Project.model_validate({"project": folder, **content})
    except ValidationError as error:
        raise InvalidProject(_sentences(error)) from error
    if project.project != folder:
        raise InvalidProject(f"project: must be its folder's name, {folder!r}")
    return project


def _sentences(error: ValidationError) -> str:
    """pydantic writes "Value error, " in front of what our own checks say."""
    found = error.errors(include_url=False, include_input=False)
    places = (".".join(str(part) for part in item["loc"]) or "project" for item in found)
    texts = (item["msg"].removeprefix("Value error, ") for item in found)
    return "; ".join(f"{place}: {text}" for place, text in zip(places, texts, strict=True))
