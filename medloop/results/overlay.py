"""A picture that people look at: the image with outlines of what was found, or with the classes beside it."""

import unicodedata
from typing import Final

import numpy as np
from nibabel import orientations
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from medloop.results.subject import Subject

COLOURS: Final = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
"""Okabe and Ito's, which colour-blind people tell apart; repeated where there are more structures."""

PICTURE, SLICE, SLICES = 512, 320, 5
"""Screen pixels of the longer side of a picture, and of each of so many slices of a volume."""
LINE, MARGIN, TEXT = 22, 10, 14
ENOUGH = 2**21
"""Voxels that tell how bright a volume is."""
GROUND, INK, FAINT = (17, 17, 17), (240, 240, 240), (80, 80, 80)

Colour = NDArray[np.uint8]


def overlay(subject: Subject) -> Image.Image:
    """RGB: the image, and below it what was answered."""
    panels = [_picture(subject)] if subject.affine is None else _slices(subject)
    row = _beside(panels)
    lines = _lines(subject)
    made = Image.new("RGB", (max(row.width, 360), row.height + LINE * len(lines) + 2 * MARGIN), GROUND)
    made.paste(row, (0, 0))
    _write(made, lines, row.height + MARGIN)
    return made


def _picture(subject: Subject) -> Image.Image:
    grey = _grey(subject.values, _window(subject.values))
    shown = grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, 2)
    return _drawn(shown, subject.labels, (1.0, 1.0), PICTURE)


def _slices(subject: Subject) -> list[Image.Image]:
    """From feet to head through what was found, seen from the feet: the patient's right is on the left."""
    assert subject.affine is not None
    turn = orientations.io_orientation(subject.affine)
    spacing = np.sqrt((subject.affine[:3, :3] ** 2).sum(0))
    sides = np.empty(3)
    sides[turn[:, 0].astype(int)] = spacing
    volume = subject.values if subject.values.ndim == 3 else subject.values[..., 0]
    window = _window(volume[_sparse(volume.size)])
    # Turned without copies: a volume may fill most of a function's memory.
    upright = orientations.apply_orientation(volume, turn)
    labels = (
        subject.labels if subject.labels is None else orientations.apply_orientation(subject.labels, turn)
    )
    return [
        _drawn(
            _seen(np.repeat(_grey(upright[:, :, at], window)[..., None], 3, 2)),
            None if labels is None else _seen(labels[:, :, at]),
            (float(sides[1]), float(sides[0])),
            SLICE,
        )
        for at in _chosen(labels, upright.shape[2])
    ]


def _sparse(voxels: int) -> tuple[slice, slice, slice]:
    """Of a volume, about ENOUGH voxels spread evenly."""
    step = max(1, int(np.cbrt(voxels / ENOUGH)))
    return (slice(None, None, step),) * 3


def _seen(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """From [right to left, back to front] to rows from front to back, columns from right to left side."""
    return np.ascontiguousarray(plane.swapaxes(0, 1)[::-1, ::-1])


def _chosen(labels: NDArray[np.uint8] | None, depth: int) -> list[int]:
    """Evenly through the structures; through the whole image where there are none."""
    shown = np.arange(depth) if labels is None else np.flatnonzero(labels.any((0, 1)))
    if not len(shown):
        shown = np.arange(depth)
    places = np.linspace(shown[0], shown[-1], SLICES + 2)[1:-1]
    return sorted({int(round(place)) for place in places})


def _window(values: NDArray[np.float32]) -> tuple[float, float]:
    """What is shown black and what white: few odd pixels must not darken all others."""
    low, high = np.percentile(values, (1, 99))
    if low == high:
        low, high = values.min(), values.max()
    return float(low), float(high)


def _grey(values: NDArray[np.float32], window: tuple[float, float]) -> NDArray[np.uint8]:
    low, high = window
    grey: NDArray[np.uint8] = (np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)
    return grey


def _drawn(
    shown: Colour, labels: NDArray[np.uint8] | None, sides: tuple[float, float], longer: int
) -> Image.Image:
    """Enlarged to a legible size, pixels as tall and wide as they are, outlines one screen pixel wide."""
    tall, wide = shown.shape[0] * sides[0], shown.shape[1] * sides[1]
    scale = longer / max(tall, wide)
    size = (max(1, round(wide * scale)), max(1, round(tall * scale)))
    picture = Image.fromarray(np.ascontiguousarray(shown)).resize(size, Image.Resampling.BILINEAR)
    if labels is None:
        return picture
    enlarged = np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST))
    pixels = np.array(picture)
    for value in np.unique(enlarged[enlarged > 0]):
        pixels[_outline(enlarged == value)] = COLOURS[(int(value) - 1) % len(COLOURS)]
    return Image.fromarray(pixels)


def _outline(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Two pixels wide, inside the region."""
    inner = region
    for _ in range(2):
        padded = np.pad(inner, 1)
        inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:] & inner
    return region & ~inner


def _beside(panels: list[Image.Image]) -> Image.Image:
    height = max(panel.height for panel in panels)
    width = sum(panel.width for panel in panels) + MARGIN * (len(panels) - 1)
    made, left = Image.new("RGB", (width, height), GROUND), 0
    for panel in panels:
        made.paste(panel, (left, (height - panel.height) // 2))
        left += panel.width + MARGIN
    return made


def _lines(subject: Subject) -> list[tuple[str, float | None, tuple[int, int, int]]]:
    """Text, share of a bar, colour."""
    answer = subject.answer
    if subject.labels is None:
        numbers = {name: number for number, name in enumerate(answer.probabilities, start=1)}
        best = sorted(answer.probabilities.items(), key=lambda pair: -pair[1])[:8]
        return [
            (
                f"{_legible(name, numbers[name])}  {value:.1%}",
                value,
                COLOURS[0] if name in subject.named else FAINT,
            )
            for name, value in best
        ]
    unit = "px" if subject.affine is None else "ml"
    return [
        (
            f"{_legible(name, number)}  {_amount(answer.volumes.get(name, 0.0))} {unit}",
            None,
            COLOURS[(number - 1) % len(COLOURS)],
        )
        for number, name in enumerate(subject.structures, start=1)
    ]


def _amount(value: float) -> str:
    """Three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _legible(name: str, number: int) -> str:
    """The name as far as the font can write it: boxes in its place tell nobody which one is meant."""
    font = ImageFont.load_default(TEXT)
    unknown = bytes(font.getmask("\ufffe"))

    def written(text: str) -> bool:
        return all(bytes(font.getmask(letter)) != unknown for letter in text if not letter.isspace())

    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    readable = (text for text in (name, plain) if written(text))
    return next(readable, f"class {number} of the project")


def _write(made: Image.Image, lines: list[tuple[str, float | None, tuple[int, int, int]]], top: int) -> None:
    draw, font = ImageDraw.Draw(made), ImageFont.load_default(TEXT)
    for number, (text, share, colour) in enumerate(lines):
        y = top + number * LINE
        if share is None:
            draw.rectangle((MARGIN, y + 3, MARGIN + 12, y + 15), fill=colour)
            draw.text((MARGIN + 20, y), text, INK, font)
        else:
            width = made.width - 2 * MARGIN
            draw.rectangle((MARGIN, y, MARGIN + max(1, int(width * share)), y + LINE - 4), fill=colour)
            draw.text((MARGIN + 6, y), text, INK, font)
