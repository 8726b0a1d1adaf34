"""Whether a model can be asked about an image at all: decided before any machine is woken for it."""

KINDS = {2: "a picture", 3: "a volume"}


def unsuitable(dims: int, spatial_dims: int) -> str | None:
    """Why not, in a sentence; None where it can. `dims`: the image's, `spatial_dims`: the project's."""
    if dims == spatial_dims:
        return None
    if dims not in KINDS:
        return f"the image has {dims} axes, and the project's models take {KINDS[spatial_dims]}"
    return f"the image is {KINDS[dims]}, and the project's models take {KINDS[spatial_dims]}"
