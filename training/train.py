"""`python -m training.train`: one training job, from the recipe to the artefacts, straight down."""

import json
import resource
import shutil
import sys
import time
from collections.abc import Sequence

import torch

from events.dataset import Sample
from events.evaluation import Evaluation
from medloop.rules.recipes import RECIPES, Cookbook, InvalidRecipe, check_start, choose_recipe
from training.answers import Answers, difference, digest_of_ids, scores_of, subgroups
from training.artefact import Description, Model, load_archive, save_model
from training.bundle import write_bundle
from training.card import Story, write_card
from training.container import Folders, Job, StopRequest, read_job, report_failure
from training.data.known import known_of
from training.data.manifest import read_manifest, split_samples
from training.data.storage import Storage
from training.distributed import Team, join_team, leave_team
from training.failures import InvalidModel, Stopped, TrainingFailed
from training.fit import Training, fit
from training.gpu import watched_gpu
from training.launch import spread_out
from training.network import best_device, build_network, device_name, placed, take_weights
from training.schedule import seed_of
from training.start import begin_from, start_file
from training.tasks import Task, task_of


def main(folders: Folders | None = None, recipes: Cookbook = RECIPES) -> int:
    """Exit code: 0 for a finished or a stopped job, 1 with a sentence in the failure file."""
    folders = folders or Folders.from_environment()
    spread_out(folders)
    stop = StopRequest()
    stop.listen()
    team = join_team()
    try:
        train(folders, recipes, stop, team)
    except Stopped as stopped:
        team.say(str(stopped))
    except TrainingFailed as failure:
        report_failure(folders, str(failure))
        print(failure, file=sys.stderr)
        return 1
    except Exception as fault:
        report_failure(folders, f"unexpected {type(fault).__name__}; the job's log holds the traceback")
        raise
    finally:
        leave_team()
    return 0


def train(folders: Folders, recipes: Cookbook, stop: StopRequest, team: Team) -> None:
    started = time.monotonic()
    job = read_job(folders)
    task = chosen_task(job, recipes)
    device = best_device(team.rank_here)
    torch.use_deterministic_algorithms(device.type == "cpu")
    torch.manual_seed(seed_of(job.seed))

    # Data: verified against the manifest and preprocessed once.
    splits = split_samples(read_manifest(folders.manifest), job.classes, job.task, job.spatial_dims)
    how = team.tell(lambda: task.preprocessing(splits["train"], folders.images))
    storage = Storage(folders.scratch, shared=team.size_here > 1)
    training = task.load(splits["train"], folders.images, how, storage, team).on(device)
    validation = task.load(splits["validation"], folders.images, how, storage, team).on(device)
    counts = {name: len(members) for name, members in splits.items()}
    team.say(" ".join(f"{name}={count}" for name, count in counts.items()) + f" device={device_name(device)}")

    # Before the network: a champion nobody can load fails the job in its first minute.
    champion = champion_model(folders, job) if team.leads else None
    network = placed(build_network(task.recipe.network, how, task.outputs), how.spatial_dims, device)
    if start := start_file(folders.start, job.start):
        team.say(begin_from(network, start, all_of_it=not task.recipe.epochs))
    with watched_gpu(device.type == "cuda" and team.rank_here == 0):
        progress = fit(Training(job, task, how, network, training, validation, folders, stop, team, started))
    if not team.leads:
        return

    # Evaluation: challenger, champion and baseline answer to the same locked images.
    take_weights(network, progress.best_weights)
    description = Description(
        project=job.project,
        model_version=job.model_version,
        task=job.task,
        classes=job.classes,
        dataset=job.dataset,
        recipe=task.recipe,
        preprocessing=how,
        finishing=task.finish(network, validation, how),
        known=known_of(splits["train"], folders.images),
    )
    test = splits["test"]
    challenger, cases = task.examine(Model(network, description), test, folders.images, device)
    baseline = task.baseline(training, test, folders.images, how)
    rival = None if champion is None else task.examine(champion, test, folders.images, device)[0]
    evaluation = evaluate(job, task, test, challenger, baseline, rival).model_copy(
        update={
            "train_items": len(training),
            "epochs": progress.epoch,
            "seconds": progress.seconds,
            "device": device_name(device),
            "processes": team.size,
            "peak_memory": peak_memory(device),
        }
    )

    # Artefacts: the model for serving, the evidence for the gate.
    save_model(folders.model, progress.best_weights, description)
    write_bundle(folders.model / "bundle", Model(network, description))
    story = Story(
        description, evaluation, progress.history, progress.best_epoch, progress.finished, counts, cases
    )
    card = write_card(folders.model, story)
    # Once more beside the evaluation: people look at it without fetching the weights.
    beside = folders.results / "evidence"
    beside.mkdir(parents=True, exist_ok=True)
    for file in card:
        shutil.copyfile(file, beside / file.name)
    (folders.results / "history.json").write_text(json.dumps(progress.history, indent=2), encoding="utf-8")
    (folders.results / "evaluation.json").write_text(evaluation.model_dump_json(indent=2), encoding="utf-8")
    print(
        f"test_score={evaluation.challenger.value:.4f} baseline={evaluation.baseline.value:.4f}", flush=True
    )


def chosen_task(job: Job, recipes: Cookbook) -> Task:
    """Raises TrainingFailed when there is no such recipe, or its overrides are wrong."""
    try:
        recipe = choose_recipe(job.task, job.spatial_dims, job.recipe, job.overrides, recipes)
        check_start(recipe, job.start)
    except InvalidRecipe as error:
        raise TrainingFailed(str(error)) from None
    return task_of(recipe, job.classes)


def champion_model(folders: Folders, job: Job) -> Model | None:
    """The model to beat; None where there is none.

    Raises:
        InvalidModel: the champion channel holds another model, or none.
    """
    if job.champion_version is None:
        return None
    champion = load_archive(folders.champion)
    known = champion.description
    if (known.project, known.model_version) != (job.project, job.champion_version):
        raise InvalidModel("champion channel: model.json names another project or version")
    if known.task != job.task or known.preprocessing.spatial_dims != job.spatial_dims:
        raise InvalidModel("champion channel: the champion was made for another task; retire it first")
    return champion


def evaluate(
    job: Job,
    task: Task,
    samples: Sequence[Sample],
    challenger: Answers,
    baseline: Answers,
    champion: Answers | None,
) -> Evaluation:
    return Evaluation(
        project=job.project,
        dataset=job.dataset,
        model_version=job.model_version,
        task=job.task,
        metric=task.metric,
        train_items=0,
        test_items=len(samples),
        test_patients=len(set(challenger.groups)),
        test_digest=digest_of_ids(sample.image for sample in samples),
        challenger=scores_of(challenger),
        baseline=scores_of(baseline),
        baseline_name=task.baseline_name,
        champion_version=job.champion_version,
        champion=None if champion is None else scores_of(champion),
        difference=None if champion is None else difference(challenger, champion),
        subgroups=subgroups(challenger, champion, [sample.attributes for sample in samples]),
        classes=job.classes,
        confusion=challenger.confusion(),
        epochs=0,
        seconds=0.0,
        device="",
    )


def peak_memory(device: torch.device) -> int:
    """Bytes: of the GPU where there is one, else of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    sys.exit(main())
