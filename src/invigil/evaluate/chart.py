"""Small charts as inline SVG: no script, no font, nothing from outside, colours from the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import count

_WIDTH, _HEIGHT = 560, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 14, 46
_ids = count(1)

Point = tuple[float, float]
Ticks = Sequence[tuple[float, str]]


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`; both above 0 when `log`."""

    label: str
    low: float
    high: float
    ticks: Ticks
    log: bool = False

    def share(self, value: float) -> float:
        """Where `value` lies between the ends, 0..1."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def linear(label: str, high: float) -> Axis:
    """From 0 to at least `high`, with about five round ticks."""
    raw = max(high, 1e-9) / 5
    power = 10 ** math.floor(math.log10(raw))
    step = next(step * power for step in (1, 2, 5, 10) if step * power >= raw)
    ticks = [(number * step, f"{number * step:g}") for number in range(math.ceil(high / step) + 1)]
    return Axis(label, 0.0, ticks[-1][0] or 1.0, ticks)


def decades(label: str, low: float, high: float = 1.0) -> Axis:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks = [(10.0**power, f"{10.0**power:g}") for power in range(first, last + 1)]
    return Axis(label, 10.0**first, 10.0**last, ticks, log=True)


def line_chart(
    title: str, says: str, x: Axis, y: Axis, points: Sequence[Point], *, marks: Sequence[Point] = ()
) -> str:
    """`says`: the chart in words, for whoever cannot see it. `marks`: points to bring out."""
    path = " ".join(f"{_x(x, px):.1f},{_y(y, py):.1f}" for px, py in points)
    body = f'<polyline class="line" points="{path}"/>'
    for mark in marks:
        body += f'<circle class="mark" cx="{_x(x, mark[0]):.1f}" cy="{_y(y, mark[1]):.1f}" r="5"/>'
    return _framed(title, says, x, y, body)


def histogram(title: str, says: str, label: str, values: Sequence[float], bins: int = 16) -> str:
    top = linear(label, max(values, default=1.0))
    width = top.high / bins
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(value / width))] += 1
    upright = linear("number", max(counts))
    body = ""
    for number, amount in enumerate(counts):
        left, right = _x(top, number * width), _x(top, (number + 1) * width)
        head, foot = _y(upright, amount), _y(upright, 0)
        body += (
            f'<rect class="bar" x="{left + 1:.1f}" y="{head:.1f}" '
            f'width="{max(right - left - 2, 1):.1f}" height="{foot - head:.1f}"/>'
        )
    return _framed(title, says, top, upright, body)


@dataclass(frozen=True, slots=True)
class Bar:
    """A value with its interval, all in 0..1 unless the chart's axis says otherwise."""

    label: str
    value: float
    low: float
    high: float


def interval_chart(title: str, says: str, axis: Axis, bars: Sequence[Bar]) -> str:
    """A dot and a whisker for each, one under the other."""
    left, row = 190, 30
    height = _TOP + row * len(bars) + _BOTTOM
    reach = _WIDTH - left - _RIGHT

    def place(value: float) -> float:
        return left + axis.share(value) * reach

    foot = _TOP + row * len(bars)
    body = "".join(
        f'<line class="grid" x1="{place(at):.1f}" y1="{_TOP}" x2="{place(at):.1f}" y2="{foot}"/>'
        f'<text x="{place(at):.1f}" y="{foot + 16}" text-anchor="middle">{escape(text)}</text>'
        for at, text in axis.ticks
    )
    for number, bar in enumerate(bars):
        y = _TOP + row * (number + 0.5)
        body += (
            f'<text x="{left - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(bar.label)}</text>'
            f'<line class="whisker" x1="{place(bar.low):.1f}" y1="{y:.1f}" '
            f'x2="{place(bar.high):.1f}" y2="{y:.1f}"/>'
            f'<circle class="mark" cx="{place(bar.value):.1f}" cy="{y:.1f}" r="5"/>'
        )
    body += (
        f'<text x="{left + reach / 2:.1f}" y="{height - 8}" text-anchor="middle">'
        f"{escape(axis.label)}</text>"
    )
    return _figure(title, says, height, body)


def _framed(title: str, says: str, x: Axis, y: Axis, body: str) -> str:
    grid = "".join(_tick(x, y, at, text, across=True) for at, text in x.ticks)
    grid += "".join(_tick(x, y, at, text, across=False) for at, text in y.ticks)
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    high = (_TOP + _HEIGHT - _BOTTOM) / 2
    words = (
        f'<text x="{middle:.1f}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x.label)}</text>'
        f'<text transform="translate(14 {high:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escape(y.label)}</text>"
    )
    return _figure(title, says, _HEIGHT, grid + body + words)


def _tick(x: Axis, y: Axis, at: float, text: str, *, across: bool) -> str:
    if across:
        place = f"{_x(x, at):.1f}"
        return (
            f'<line class="grid" x1="{place}" y1="{_TOP}" x2="{place}" y2="{_HEIGHT - _BOTTOM}"/>'
            f'<text x="{place}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">'
            f"{escape(text)}</text>"
        )
    place = f"{_y(y, at):.1f}"
    return (
        f'<line class="grid" x1="{_LEFT}" y1="{place}" x2="{_WIDTH - _RIGHT}" y2="{place}"/>'
        f'<text x="{_LEFT - 6}" y="{_y(y, at) + 4:.1f}" text-anchor="end">{escape(text)}</text>'
    )


def _figure(title: str, says: str, height: float, body: str) -> str:
    """`role="img"` with title and description, so that it is read out as one thing."""
    number = next(_ids)
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {height:g}" role="img" '
        f'aria-labelledby="t{number} d{number}">'
        f'<title id="t{number}">{escape(title)}</title><desc id="d{number}">{escape(says)}</desc>'
        f"{body}</svg></figure>"
    )


def _x(axis: Axis, value: float) -> float:
    return _LEFT + axis.share(value) * (_WIDTH - _LEFT - _RIGHT)


def _y(axis: Axis, value: float) -> float:
    return _HEIGHT - _BOTTOM - axis.share(value) * (_HEIGHT - _TOP - _BOTTOM)
