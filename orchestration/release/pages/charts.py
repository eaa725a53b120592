"""The charts of the pages, as SVG text that stands inline.

Belongs here: drawings of rows that are aggregated already. Not here: colours (`palette`), queries
and words (the pages).

Drawn by hand: these are bars, dots and lines with names beside them, thirty to a release, and a
drawing library takes longer for them than all their queries. Text takes the page's font. A figure
that was not measured has no mark; one that rests on few cases is drawn pale.
"""

import math
import textwrap
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import escape

from orchestration.release.palette import BLUE, GREEN, GREY, GRID, INK, MUTED, RED
from orchestration.release.reading import Row
from orchestration.release.untold import (
    NOT_TOLD,
    Beside,
    Few,
    drawn_parts,
    is_told,
    told_parts,
)

Form = Callable[[Any], str]

WIDTH = 400
NOT_MEASURED = "not measured"
_HEIGHT = 190
_LINE = 23
_LINE_HEIGHT = 15
_LETTER = 7.3
_ROUND_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def intervals(
    rows: Sequence[Row],
    *,
    form: Form,
    domain: tuple[float, float],
    tick: Form | None = None,
    rule: float | None = None,
    nice: bool = False,
) -> str:
    """A dot with its interval for each row, and its target as a stroke; the value at the end.

    Args:
        rows: Rows with `label`, `value`, `low`, `high`, and perhaps `target` and `is_small`.
        form: How a value is written.
        domain: Both ends of the axis; what lies beyond stands at its end.
        tick: How a place on the axis is written; as a value by default.
        rule: A place on the axis that is marked over all rows.
        nice: Whether the end of the axis is rounded up to a number that can be read.
    """
    left, right = (domain[0], nice_end(domain[1])) if nice else domain
    texts = [_text_of(row["value"], form) for row in rows]
    room = 14 + max((_width(text) for text in texts), default=0)
    frame = _Names([row["label"] for row in rows], room=room)

    def place(value: Any) -> float:
        held = min(max(float(value), left), right)
        return frame.left + (held - left) / (right - left) * frame.width

    body = []
    for step in range(5):
        value = left + (right - left) * step / 4
        x = place(value)
        body.append(_line(x, 0, x, frame.bottom, colour=GRID))
        body.append(_text(x, frame.bottom + 14, (tick or form)(value), anchor="middle", size=12))
    if rule is not None:
        body.append(_line(place(rule), 0, place(rule), frame.bottom, colour=MUTED, dashed=True))
    for (y, label), row, text in zip(frame.places, rows, texts, strict=True):
        colour = GREY if row.get("is_small") else BLUE
        body.append(label)
        if is_told(row.get("low")) and is_told(row.get("high")):
            low, high = place(row["low"]), place(row["high"])
            body.append(_line(low, y, high, y, colour=colour, width=4, opacity=0.5))
        if is_told(row.get("target")):
            x = place(row["target"])
            body.append(_line(x, y - 10, x, y + 10, colour=INK, width=3))
        if is_told(row["value"]):
            x = place(row["value"])
            body.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')
        body.append(_text(WIDTH, y, text, anchor="end", colour=INK))
    return _svg(frame.bottom + 24, body)


def bars(rows: Sequence[Row], *, form: Form, colour: str = BLUE) -> str:
    """A bar for each label with its value at the end.

    Args:
        rows: Rows with `label`, `value`, and perhaps `is_small`.
        form: How a value is written.
        colour: Their colour; few cases are pale.
    """
    texts = [_text_of(row["value"], form) for row in rows]
    frame = _Names(
        [row["label"] for row in rows],
        room=10 + max((_width(text) for text in texts), default=0),
    )
    highest = max((_length(row["value"]) for row in rows), default=0) or 1
    body = []
    for (y, label), row, text in zip(frame.places, rows, texts, strict=True):
        length = max(_length(row["value"]), 0) / highest * frame.width
        body.append(label)
        fill = GREY if row.get("is_small") else colour
        body.append(_box(frame.left, y - 10, length, 20, fill))
        body.append(_text(frame.left + length + 6, y, text, colour=INK))
    return _svg(frame.bottom, body)


def stacks(rows: Sequence[Row], colours: Mapping[str, str], *, form: Form) -> str:
    """A bar for each label, divided into parts, with the sum at its end.

    Args:
        rows: Rows with `label`, `part`, `value`; labels in their order.
        colours: Part to colour, in their order.
        form: How a sum is written.
    """
    found: dict[str, dict[str, Any]] = {}
    sums: dict[str, Any] = {}
    for row in rows:
        label = str(row["label"])
        found.setdefault(label, {})[str(row["part"])] = row["value"]
        sums[label] = sums.get(label, 0) + (row["value"] or 0)
    if any(isinstance(row["value"], Few | Beside) for row in rows):
        sums = told_parts(sums)
    for row in rows:
        # A sum of one part is that part.
        if isinstance(row["value"], Beside) and int(row["value"]) == sums[str(row["label"])]:
            sums[str(row["label"])] = row["value"]
    parts = {label: drawn_parts(values, sums[label]) for label, values in found.items()}
    colours = {**colours, NOT_TOLD: GRID}
    body, top = _legend({part: colours[part] for part in colours if _is_used(parts, part)})
    texts = [form(value) for value in sums.values()]
    frame = _Names(list(parts), room=10 + max((_width(text) for text in texts), default=0), top=top)
    highest = max((sum(values.values()) for values in parts.values()), default=0) or 1
    for (y, label), values, text in zip(frame.places, parts.values(), texts, strict=True):
        x = frame.left
        body.append(label)
        for part, fill in colours.items():
            length = values.get(part, 0) / highest * frame.width
            body.append(_box(x, y - 10, length, 20, fill, radius=0))
            x += length
        body.append(_text(x + 6, y, text, colour=INK))
    return _svg(frame.bottom, body)


def walk(steps: Sequence[Row], *, form: Form) -> str:
    """The way from one figure to the next: what it was, what moved it, what it is.

    Args:
        steps: Rows with `label`, `value`, `is_total`; a total stands, the others move on.
        form: How a value is written.
    """
    drawn = walk_steps(steps)
    texts = [form(bar["value"]) for bar in drawn]
    body, top = _legend({"Total": BLUE, "Gained": GREEN, "Lost": RED})
    frame = _Names(
        [bar["label"] for bar in drawn],
        room=10 + max((_width(text) for text in texts), default=0),
        top=top,
    )
    lowest = min([0.0, *(bar["low"] for bar in drawn)])
    span = max([bar["high"] for bar in drawn], default=0) - lowest or 1
    fills = {"Total": BLUE, "Gained": GREEN, "Lost": RED}
    for (y, label), bar, text in zip(frame.places, drawn, texts, strict=True):
        start = frame.left + (bar["low"] - lowest) / span * frame.width
        length = max((bar["high"] - bar["low"]) / span * frame.width, 1)
        body.append(label)
        body.append(_box(start, y - 10, length, 20, fills[bar["kind"]]))
        body.append(_text(start + length + 6, y, text, colour=INK))
    return _svg(frame.bottom, body)


def walk_steps(steps: Sequence[Row]) -> list[dict[str, Any]]:
    """Turn totals and movements into bars from `low` to `high`."""
    running, drawn = 0.0, []
    for step in steps:
        value = float(step["value"] or 0)
        before = 0.0 if step["is_total"] else running
        running = value if step["is_total"] else running + value
        kind = "Total" if step["is_total"] else "Lost" if value < 0 else "Gained"
        drawn.append(
            {
                "label": step["label"],
                "value": step["value"] or 0,
                "low": min(before, running),
                "high": max(before, running),
                "kind": kind,
            }
        )
    return drawn


def lines(
    rows: Sequence[Row],
    colours: Mapping[str, str],
    *,
    tick: Form,
    domain: tuple[float, float] | None = None,
    name: Form = lambda month: f"{month:%b %y}",
    marks: Mapping[date, str] | None = None,
) -> str:
    """A line by month for each series, over the band of its interval where it has one.

    Args:
        rows: Rows with `month`, `series`, `value`, and perhaps `low` and `high`; every month of
            every series, so that one that was not measured leaves a gap.
        colours: Series to colour, in their order.
        tick: How a place on the axis is written.
        domain: What the axis holds at least; else it holds nothing and all figures.
        name: How a month is written below.
        marks: Months in which something changed, with what is written at the stroke through them.
    """
    figures = [
        float(row[key]) for row in rows for key in ("value", "low", "high") if is_told(row.get(key))
    ]
    low, high = domain or (min([0.0, *figures]), max([0.0, *figures]))
    ticks = nice_ticks(low, high)
    body, top = _legend(colours if len(colours) > 1 else {})
    months = sorted({row["month"] for row in rows})
    frame = _Months(months, ticks, tick, top=top, name=name)
    body += frame.drawn
    for month, text in (marks or {}).items():
        if month in months:
            x = frame.x(month)
            body.append(_line(x, frame.top - 4, x, frame.floor, colour=MUTED, dashed=True))
            body.append(_text(x + 4, frame.top, text, size=11))
    for series, colour in colours.items():
        found = {row["month"]: row for row in rows if row["series"] == series}
        bands = _runs(
            [
                (frame.x(month), frame.y(row["low"]), frame.y(row["high"]))
                if is_told((row := found.get(month, {})).get("low")) and is_told(row.get("high"))
                else None
                for month in months
            ]
        )
        for run in bands:
            around = [(x, low) for x, low, _ in run] + [(x, high) for x, _, high in run[::-1]]
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in around)
            body.append(f'<polygon points="{points}" fill="{colour}" opacity="0.15"/>')
        points_of = [
            (frame.x(month), frame.y(row["value"]))
            if is_told((row := found.get(month, {})).get("value"))
            else None
            for month in months
        ]
        for run in _runs(points_of):
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            body.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5" '
                'stroke-linejoin="round"/>'
            )
            body += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{colour}"/>' for x, y in run]
    return _svg(frame.height, body)


def columns(rows: Sequence[Row], *, tick: Form) -> str:
    """A column by month; a month that was not measured keeps its place.

    Args:
        rows: Rows with `month` and `value`.
        tick: How a place on the axis is written.
    """
    values = [float(row["value"]) for row in rows if is_told(row["value"])]
    frame = _Months([row["month"] for row in rows], nice_ticks(0, max(values, default=1)), tick)
    body = list(frame.drawn)
    for row in rows:
        if is_told(row["value"]):
            top = frame.y(row["value"])
            left = frame.x(row["month"]) - frame.step * 0.41
            body.append(_box(left, top, frame.step * 0.82, frame.floor - top, BLUE))
    return _svg(frame.height, body)


def histogram(rows: Sequence[Row], *, colours: Mapping[str, str] | None = None) -> str:
    """Number of customers in each step of a scale.

    Args:
        rows: Rows with `low`, `high`, `customer_count`, and `band` where steps have colours.
        colours: Band to colour, in their order.
    """
    body, top = _legend(colours or {})
    highest = max((_length(row["customer_count"]) for row in rows), default=0)
    ticks = nice_ticks(0, highest or 1)
    names = [short_number(value) for value in ticks]
    left = 8 + max(_width(name) for name in names)
    floor = top + 160
    width = WIDTH - left - 14
    first, last = float(rows[0]["low"]), float(rows[-1]["high"])
    for value, name in zip(ticks, names, strict=True):
        y = floor - value / ticks[-1] * 150
        body.append(_line(left, y, WIDTH, y, colour=GRID))
        body.append(_text(left - 6, y, name, anchor="end", size=12))
    for row in rows:
        start = left + (float(row["low"]) - first) / (last - first) * width
        end = left + (float(row["high"]) - first) / (last - first) * width
        height = _length(row["customer_count"]) / ticks[-1] * 150
        fill = (colours or {}).get(str(row.get("band")), BLUE)
        body.append(_box(start + 0.6, floor - height, end - start - 1.2, height, fill))
    for value in _even(first, last):
        x = left + (value - first) / (last - first) * width
        body.append(_text(x, floor + 14, f"{value:g}", anchor="middle", size=12))
    return _svg(floor + 26, body)


def radar(rows: Sequence[Row], colours: Mapping[str, str], *, highest: float) -> str:
    """A ring of axes, one for each label, and a closed line through them for each series.

    Args:
        rows: Rows with `label` and a figure for each series, from the top clockwise. An axis
            without a figure breaks the line there.
        colours: Series to colour, in their order.
        highest: The figure at the end of each axis.
    """
    body, top = _legend(colours)
    radius, middle = 96.0, WIDTH / 2
    centre = top + 48 + radius

    def place(axis: int, share: float) -> tuple[float, float]:
        angle = 2 * math.pi * axis / len(rows) - math.pi / 2
        return middle + share * radius * math.cos(angle), centre + share * radius * math.sin(angle)

    for step in (0.25, 0.5, 0.75, 1.0):
        ring = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(i, step) for i in range(len(rows))))
        body.append(f'<polygon points="{ring}" fill="none" stroke="{GRID}"/>')
        body.append(_text(middle + 3, centre - step * radius, f"{step * highest:g}", size=11))
    for axis, row in enumerate(rows):
        body.append(_line(middle, centre, *place(axis, 1), colour=GRID))
        x, y = place(axis, 1.12)
        side = round(math.cos(2 * math.pi * axis / len(rows) - math.pi / 2), 3)
        anchor = "middle" if abs(side) < 0.1 else "start" if side > 0 else "end"
        lines_ = wrapped_lines(str(row["label"]), 22 if abs(side) < 0.1 else 13)
        # Names stand outside the ring: above its top, below its bottom, centred beside it.
        rise = (len(lines_) - 1) * (1 if y < centre - radius else 0 if y > centre + radius else 0.5)
        body += [
            _text(x, y + (number - rise) * _LINE_HEIGHT, line, anchor=anchor, size=12)
            for number, line in enumerate(lines_)
        ]
    for series, colour in colours.items():
        found = [
            None
            if not is_told(row[series])
            else place(axis, min(max(float(row[series]) / highest, 0), 1))
            for axis, row in enumerate(rows)
        ]
        drawn = [*found, found[0]]
        for run in _runs(drawn):
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
            body.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5" '
                'stroke-linejoin="round"/>'
            )
        body += [
            f'<circle cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="3" fill="{colour}"/>'
            for point in found
            if point
        ]
    return _svg(centre + radius + 48, body)


def pairs(
    rows: Sequence[Row], colours: Mapping[str, str], *, domain: tuple[float, float], form: Form
) -> str:
    """Two or more dots on one line for each label, joined, so that the distance is seen.

    Args:
        rows: Rows with `label` and a figure for each series; a missing one has no dot.
        colours: Series to colour, in their order.
        domain: Both ends of the axis.
        form: How a place on the axis is written.
    """
    left, right = domain
    body, top = _legend(colours)
    frame = _Names([row["label"] for row in rows], room=_width(form(right)) / 2, top=top)

    def place(value: Any) -> float:
        held = min(max(float(value), left), right)
        return frame.left + (held - left) / (right - left) * frame.width

    for value in _even(left, right):
        x = place(value)
        body.append(_line(x, top, x, frame.bottom, colour=GRID))
        body.append(_text(x, frame.bottom + 14, form(value), anchor="middle", size=12))
    for (y, label), row in zip(frame.places, rows, strict=True):
        body.append(label)
        found = {series: place(row[series]) for series in colours if is_told(row[series])}
        if len(found) > 1:
            ends = min(found.values()), max(found.values())
            body.append(_line(ends[0], y, ends[1], y, colour=GREY, width=3))
        # Two dots on one place stand as a ring around the other.
        for number, (series, x) in enumerate(found.items()):
            body.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{6.5 - 2 * number:g}" '
                f'fill="{colours[series]}"/>'
            )
    return _svg(frame.bottom + 24, body)


def short_number(value: float) -> str:
    """A place on an axis as elsewhere on the page: `0`, `500 k`, `2 m`."""
    for size, name in ((1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}\u00a0{name}".replace("-", "−")
    return f"{value:g}".replace("-", "−")


def wrapped_lines(text: str, width: int) -> list[str]:
    """A text in lines of at most so many letters; Chinese, which has no spaces, between any two."""
    if not any(unicodedata.east_asian_width(letter) in "WF" for letter in text):
        return textwrap.wrap(text, width)
    lines_, room = [""], float(width)
    for letter in text:
        size = 1.8 if unicodedata.east_asian_width(letter) in "WF" else 1.0
        # What closes a phrase never begins a line.
        if room < size and letter not in "，。、；：）":
            lines_.append("")
            room = width
        lines_[-1] += letter
        room -= size
    return [line.strip() for line in lines_ if line.strip()]


def nice_end(value: float) -> float:
    """The next number of four round steps: 129 becomes 200, 8.1 becomes 10."""
    step = max(value, 0.001) / 4
    return 4 * _round_step(step)


def nice_ticks(low: float, high: float) -> list[float]:
    """Round places from below `low` to above `high`, about five."""
    step = _round_step((high - low or 1) / 4.5)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, max(last, first + 1) + 1)]


def _round_step(step: float) -> float:
    size = float(10 ** math.floor(math.log10(step)))
    return size * next(steps for steps in _ROUND_STEPS if step <= steps * size * (1 + 1e-9))


def _even(low: float, high: float) -> list[float]:
    return [low + (high - low) * step / 4 for step in range(5)]


class _Names:
    """Rows with their names on the left: where each stands and what is left for the drawing."""

    def __init__(self, labels: Sequence[Any], *, room: float, top: float = 0) -> None:
        wrapped = [wrapped_lines(str(label), _LINE) or ["–"] for label in labels]
        # Short names have wide letters more often than long ones.
        longest = max((_width(line) for lines_ in wrapped for line in lines_), default=0) + 4
        self.left = longest + 10
        self.width = max(WIDTH - self.left - room, 60)
        self.places: list[tuple[float, str]] = []
        y = top
        for lines_ in wrapped:
            height = max(30, _LINE_HEIGHT * len(lines_) + 10)
            middle = y + height / 2
            first = middle - _LINE_HEIGHT * (len(lines_) - 1) / 2
            label = "".join(
                _text(longest, first + _LINE_HEIGHT * place, line, anchor="end")
                for place, line in enumerate(lines_)
            )
            self.places.append((middle, label))
            y += height
        self.bottom = y + 4


class _Months:
    """A place for each month and an axis of figures."""

    def __init__(
        self,
        months: Sequence[date],
        ticks: Sequence[float],
        tick: Form,
        *,
        top: float = 0,
        name: Form = lambda month: f"{month:%b %y}",
    ) -> None:
        texts = [tick(value) for value in ticks]
        self._left = 8 + max(_width(text) for text in texts)
        self.top = top + 8
        self.floor = self.top + _HEIGHT - 30
        self.height = self.floor + 24
        self._low, self._high = ticks[0], ticks[-1]
        self.step = (WIDTH - self._left) / max(len(months), 1)
        self._places = {month: place for place, month in enumerate(months)}
        self.drawn = []
        for value, text in zip(ticks, texts, strict=True):
            y = self.y(value)
            colour = MUTED if value == 0 and self._low < 0 else GRID
            self.drawn.append(_line(self._left, y, WIDTH, y, colour=colour))
            self.drawn.append(_text(self._left - 6, y, text, anchor="end", size=12))
        every = max(1, math.ceil(len(months) / 6))
        for place, month in enumerate(months):
            if (len(months) - 1 - place) % every == 0:
                text = name(month)
                x = min(self.x(month), WIDTH - _width(text) / 2)
                self.drawn.append(_text(x, self.floor + 15, text, anchor="middle", size=12))

    def x(self, month: date) -> float:
        return self._left + (self._places[month] + 0.5) * self.step

    def y(self, value: Any) -> float:
        held = min(max(float(value), self._low), self._high)
        share = (held - self._low) / (self._high - self._low)
        return self.floor - share * (self.floor - self.top)


def _runs(points: Sequence[Any]) -> list[list[Any]]:
    """Points in a row without a gap."""
    runs: list[list[Any]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def _is_used(parts: Mapping[str, Mapping[str, float]], part: str) -> bool:
    return any(values.get(part) for values in parts.values())


def _legend(colours: Mapping[str, str]) -> tuple[list[str], float]:
    """The names of colours in lines, and where the drawing may begin."""
    body, x, y = [], 0.0, 8.0
    for name, colour in colours.items():
        length = 18 + _width(name)
        if x and x + length > WIDTH:
            x, y = 0.0, y + 20
        body.append(_box(x, y - 6, 12, 12, colour))
        body.append(_text(x + 17, y, name, colour=INK))
        x += length + 16
    return body, y + 16 if colours else 0.0


def _length(value: Any) -> float:
    """How far a bar reaches: nothing for what was not measured or must not be told."""
    return float(value) if is_told(value) else 0.0


def _text_of(value: Any, form: Form) -> str:
    return NOT_MEASURED if value is None else form(value)


def _width(text: str) -> float:
    # Capitals are wider, Chinese twice as wide: such a name would be cut.
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return _LETTER * (len(text) + 0.3 * sum(letter.isupper() for letter in text) + 0.8 * wide)


def _text(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    colour: str = MUTED,
    size: float = 13,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" dy=".35em" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size}">{escape(text)}</text>'
    )


def _line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    colour: str,
    width: float = 1,
    opacity: float = 1,
    dashed: bool = False,
) -> str:
    dash = ' stroke-dasharray="3 3"' if dashed else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width}" stroke-opacity="{opacity}"{dash}/>'
    )


def _box(x: float, y: float, width: float, height: float, colour: str, *, radius: float = 2) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" '
        f'rx="{radius}" fill="{colour}"/>'
    )


def _svg(height: float, body: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" aria-hidden="true">{"".join(body)}</svg>'
