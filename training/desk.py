"""Where threads bring their prepared images: one forward pass at a time, of all that waited for it."""

import queue
import threading
from concurrent.futures import Future
from typing import Final

import torch

from training.artefact import Model
from training.predict import canvas_scores

Asked = tuple[torch.Tensor, "Future[torch.Tensor]"]

_CLOSED: Final = None


class Desk:
    """Canvases that arrive while the network works are answered together in its next pass; label maps, which
    fill the memory by themselves, one after another."""

    def __init__(self, model: Model, device: torch.device) -> None:
        self._model, self._device = model, device
        self.alone = threading.Lock()
        """Held during every pass."""
        self._waiting: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def scores(self, canvas: torch.Tensor) -> torch.Tensor:
        """[class] of one prepared canvas [channel, *spatial]; raises what the pass raised."""
        answer: Future[torch.Tensor] = Future()
        self._waiting.put((canvas, answer))
        return answer.result()

    def close(self) -> None:
        """What waits is still answered."""
        self._waiting.put(_CLOSED)
        self._thread.join()

    def _work(self) -> None:
        while (first := self._waiting.get()) is not _CLOSED:
            asked = [first]
            while len(asked) < self._model.description.recipe.batch and not self._waiting.empty():
                following = self._waiting.get()
                if following is _CLOSED:
                    self._waiting.put(_CLOSED)
                    break
                asked.append(following)
            self._answer(asked)

    def _answer(self, asked: list[Asked]) -> None:
        try:
            with self.alone:
                stack = torch.stack([canvas for canvas, _ in asked])
                scores = canvas_scores(self._model.network, stack, self._device, len(asked))
        except Exception as error:
            # One image at a time, so that what one does wrong is not the others' fault.
            if len(asked) > 1:
                for one in asked:
                    self._answer([one])
            else:
                asked[0][1].set_exception(error)
            return
        for (_, answer), own in zip(asked, scores, strict=True):
            answer.set_result(own)
