"""Why a folder cannot be trained on, in two sentences for whoever owns it."""


class Unusable(Exception):
    """Nothing can be trained with what was given: `problem` says why, `remedy` what to do."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem, self.remedy = problem, remedy
