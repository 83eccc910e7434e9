"""Charts as SVG, drawn on the server by pure functions: stacked bars by day or hour, an axis, a table behind.

Colours are classes of dashboard.css (`s1` … `s6`), so both themes read well. Each chart is drawn twice, for wide and
for narrow screens, so that its words keep their size; the style sheet shows one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date
from markupsafe import Markup

from doitong.words.catalogue import N_, Words

SERIES_MAX = 6
WIDE, NARROW = 900, 344
HEIGHT, TOP, LEFT, BOTTOM = 220, 10, 52, 26
LABEL_WIDTH = 62
_LOCALES = {"en": "en_GB", "sl": "sl_SI"}


@dataclass(frozen=True, slots=True)
class Series:
    """One colour: its label and a value for each day or hour."""

    label: str
    values: Sequence[int]

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Chart:
    """Days, or hours as moments in UTC, with one series or several, the largest first."""

    days: Sequence[date]
    series: Sequence[Series]

    @property
    def total(self) -> int:
        return sum(item.total for item in self.series)

    @property
    def is_by_hour(self) -> bool:
        return bool(self.days) and isinstance(self.days[0], datetime)

    def name(self, place: int, words: Words) -> str:
        """A day or an hour in full."""
        day = self.days[place]
        return f"{day:%H:%M} UTC" if isinstance(day, datetime) else words.day(day)

    def on(self, place: int) -> int:
        """All series on one day."""
        return sum(item.values[place] for item in self.series)


def span(since: date, until: date) -> list[date]:
    """Every day from `since` up to and with `until`."""
    return [since + timedelta(days=number) for number in range((until - since).days + 1)]


def make_chart(
    days: Sequence[date], found: Mapping[tuple[date, str], int], labels: Mapping[str, str], rest: str
) -> Chart:
    """Series from sums by day and value, the largest first; what is over six is one, called `rest`."""
    totals: dict[str, int] = {}
    for (_, value), amount in found.items():
        totals[value] = totals.get(value, 0) + amount
    ordered = sorted((value for value in totals if totals[value]), key=lambda value: (-totals[value], value))
    kept = ordered if len(ordered) <= SERIES_MAX else ordered[: SERIES_MAX - 1]
    series = [Series(labels.get(value, value), [found.get((day, value), 0) for day in days]) for value in kept]
    if dropped := ordered[len(kept) :]:
        series.append(Series(rest, [sum(found.get((day, value), 0) for value in dropped) for day in days]))
    return Chart(tuple(days), tuple(series))


def nice_top(largest: int) -> int:
    """The end of the axis: the smallest of 4, 8, 20, 40, 80, 200 … that is not below the largest value."""
    top = 4
    while top < largest:
        top = top * 5 // 2 if str(top).startswith("8") else top * 2
    return top


def draw(chart: Chart, words: Words, name: str, title: str, unit: str) -> Markup:
    """The chart in both widths. `name` makes ids that stand once on a page; `unit` is put behind values."""
    return Markup("").join(
        _draw(chart, words, f"{name}-{kind}", f"chart {kind}", width, title, unit)
        for kind, width in (("wide", WIDE), ("narrow", NARROW))
    )


def _draw(chart: Chart, words: Words, name: str, css: str, width: int, title: str, unit: str) -> Markup:
    top = nice_top(max((chart.on(place) for place in range(len(chart.days))), default=0))
    step = (width - LEFT) / max(1, len(chart.days))
    across = N_("{total} {unit} in {days} hours") if chart.is_by_hour else N_("{total} {unit} in {days} days")
    description = words.say(across, total=words.number(chart.total), unit=unit, days=len(chart.days))
    parts = [_axis(words, width, top), _day_labels(chart.days, words, step)]
    parts += [_slot(chart, place, step, top, words, unit) for place in range(len(chart.days))]
    return Markup(
        '<svg class="{css}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}-t {name}-d" tabindex="0"'
        ' data-chart><title id="{name}-t">{title}</title><desc id="{name}-d">{description}</desc>{body}</svg>'
    ).format(
        css=css,
        width=width,
        height=HEIGHT,
        name=name,
        title=title,
        description=description,
        body=Markup("").join(parts),
    )


def _height(value: int, top: int) -> float:
    return (HEIGHT - TOP - BOTTOM) * value / top


def _axis(words: Words, width: int, top: int) -> Markup:
    lines = Markup("")
    for quarter in range(5):
        value = top * quarter // 4
        y = round(HEIGHT - BOTTOM - _height(value, top), 1)
        lines += Markup(
            '<line class="axis" x1="{left}" x2="{width}" y1="{y}" y2="{y}"/>'
            '<text x="{text}" y="{text_y}" text-anchor="end">{value}</text>'
        ).format(left=LEFT, width=width, y=y, text=LEFT - 8, text_y=y + 4, value=words.number(value))
    return lines


def _day_labels(days: Sequence[date], words: Words, step: float) -> Markup:
    every = max(1, -(-LABEL_WIDTH // max(1, int(step))))
    labels = Markup("")
    for place in range(len(days) - 1, -1, -every):  # the last always has its label
        x = LEFT + step * (place + 0.5)
        if x < LEFT + 14:
            continue
        anchor = "end" if place == len(days) - 1 and step < LABEL_WIDTH else "middle"
        x = LEFT + step * (place + 1) if anchor == "end" else x
        labels += Markup('<text x="{x}" y="{y}" text-anchor="{anchor}">{day}</text>').format(
            x=round(x, 1), y=HEIGHT - 8, anchor=anchor, day=short_day(days[place], words.language)
        )
    return labels


@lru_cache(maxsize=2048)
def short_day(day: date, language: str) -> str:
    """The day without its year, or an hour in UTC."""
    if isinstance(day, datetime):
        return f"{day:%H}"
    return str(format_date(day, format="d. MMM" if language == "sl" else "d MMM", locale=_LOCALES[language]))


def _slot(chart: Chart, place: int, step: float, top: int, words: Words, unit: str) -> Markup:
    """One day: a field to point at, and the bars that stand on one another."""
    x, base = LEFT + step * place, float(HEIGHT - BOTTOM)
    gap = min(4.0, step * 0.2)
    bars = Markup("")
    for number, series in enumerate(chart.series, 1):
        if value := series.values[place]:
            height = max(_height(value, top), 1.0)
            base -= height
            bars += Markup(
                '<rect class="s{number}" x="{x}" y="{y}" width="{width}" height="{height}" rx="1.5"/>'
            ).format(
                number=number,
                x=round(x + gap / 2, 2),
                y=round(base, 2),
                width=round(step - gap, 2),
                height=round(height, 2),
            )
    credits = words.say("{amount} {unit}", amount=words.number(chart.on(place)), unit=unit)
    several = [item for item in chart.series if item.values[place]] if len(chart.series) > 1 else []
    more = ", ".join(f"{item.label} {words.number(item.values[place])}" for item in several)
    shown = f"{chart.name(place, words)}: {credits}" + (f" ({more})" if more else "")
    return Markup(
        '<g class="slot" data-value="{shown}">'
        '<rect class="hit" x="{x}" y="{y}" width="{width}" height="{height}"/>{bars}</g>'
    ).format(shown=shown, x=round(x, 2), y=TOP, width=round(step, 2), height=HEIGHT - TOP - BOTTOM, bars=bars)
