"""An answer is stored: give it back in every form that applies."""

from events.inference import PredictionMade
from medloop.aws.door import door, logger
from medloop.delivery import deliver


def on_prediction_made(body: str) -> None:
    fact = PredictionMade.model_validate_json(body)
    result = deliver(fact.prediction)
    if result is None:
        logger.warning("there is no such answer", project=fact.project)
    else:
        kinds = [file.kind for file in result.files]
        logger.info("results written", project=fact.project, kinds=kinds, warnings=len(result.warnings))


handler = door(on_prediction_made)
