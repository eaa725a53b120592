"""Figures as text, the way the report shows them.

Belongs here: numbers, shares, money and dates as words. Not here: which figures are shown.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from typing import Any, ParamSpec

from orchestration.release.untold import Untold

P = ParamSpec("P")

CURRENCY_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥", "CNY": "¥"}
SYSTEMS = {
    "crm": "CRM",
    "billing": "Billing",
    "support": "Support",
    "survey": "Surveys",
    "usage": "Product use",
    "marketing": "Marketing",
    "organisation": "Organisation",
}


def currency_sign(currency: str | None) -> str:
    """What stands before an amount: `£`, `CHF `; nothing where the currency is not known."""
    return CURRENCY_SIGNS.get(currency or "", f"{currency} " if currency else "")


def _in_its_words(form: Callable[P, str]) -> Callable[P, str]:
    """Let a format write what may not be told in the value's own words."""

    @wraps(form)
    def write(*args: P.args, **kwargs: P.kwargs) -> str:
        value = args[0] if args else None
        return str(value) if isinstance(value, Untold) else form(*args, **kwargs)

    return write


@_in_its_words
def format_integer(value: Any) -> str:
    """`12345` as `12,345`; a dash where there is none."""
    return "–" if value is None else f"{round(value):,}".replace("-", "−")


@_in_its_words
def format_percent(value: Any) -> str:
    """`0.1234` as `12.3 %`; a dash where there is none."""
    return "–" if value is None else f"{100 * float(value):.1f}\u00a0%"


@_in_its_words
def format_share(value: Any) -> str:
    """A share as `format_percent` gives it, but never nothing for what is a little."""
    if value is not None and 0 < value < 0.0005:
        return "<\u00a00.1\u00a0%"
    return format_percent(value)


@_in_its_words
def format_score(value: Any) -> str:
    """A score with one decimal; a dash where there is none."""
    return "–" if value is None else f"{float(value):.1f}"


@_in_its_words
def format_money(value: Any, sign: str) -> str:
    """An amount in short form: `£19.29 m`, `£302.8 k`, `£512`; a dash where there is none."""
    if value is None:
        return "–"
    amount = float(value)
    minus, size = ("−" if amount < 0 else ""), abs(amount)
    if size >= 999_500:
        return f"{minus}{sign}{size / 1e6:,.2f}\u00a0m"
    if size >= 10_000:
        return f"{minus}{sign}{size / 1e3:,.1f}\u00a0k"
    return f"{minus}{sign}{size:,.0f}"


@_in_its_words
def format_amount(value: Any, sign: str, decimals: int = 0) -> str:
    """An amount in full, `£19,287,232.568`; a dash where there is none."""
    if value is None:
        return "–"
    amount = Decimal(value)
    return f"{'−' if amount < 0 else ''}{sign}{abs(amount):,.{decimals}f}"


def format_day(value: date | datetime | str | None) -> str:
    """A date as `31 December 2011`; a dash where there is none."""
    if value is None:
        return "–"
    day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{day.day} {day:%B %Y}"


def format_month(value: date | datetime | str | None) -> str:
    """A date as `Dec 2011`; a dash where there is none."""
    if value is None:
        return "–"
    day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return f"{day:%b %Y}"


def format_change(now: Any, before: Any, form: Callable[[Any], str]) -> str:
    """A difference in words: `+12 in a month`; empty where one of both is not known."""
    if now is None or before is None or isinstance(now, Untold) or isinstance(before, Untold):
        return ""
    difference = now - before
    if not difference:
        return "unchanged in a month"
    # The word joiner keeps the sign with its figure where the line ends.
    return f"{'+' if difference > 0 else '−'}\u2060{form(abs(difference))} in a month"


@_in_its_words
def format_number(value: Any) -> str:
    """A number with two decimals, fewer where it is large; a dash where there is none."""
    if value is None:
        return "–"
    number = float(value)
    decimals = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    return f"{number:,.{decimals}f}".replace("-", "−")


@_in_its_words
def format_measure(value: Any) -> str:
    """A measure of an estimator with four significant digits; a dash where there is none."""
    if value is None or value != value:
        return "–"
    number = float(value)
    short = f"{number:.4f}" if abs(number) < 0.01 else f"{number:,.4g}"
    return short.replace("-", "−")


@_in_its_words
def format_signed(value: Any) -> str:
    """A difference with its sign and one decimal: `+4.8`; a dash where there is none."""
    return "–" if value is None else f"{float(value):+.1f}".replace("-", "−")


@_in_its_words
def format_hours(minutes: Any) -> str:
    """A duration in minutes as `45 min`, `9.2 h`, `369 h`; a dash where there is none."""
    if minutes is None:
        return "–"
    length = float(minutes)
    if length < 59.5:
        return f"{length:.0f}\u00a0min"
    hours = length / 60
    return f"{hours:,.1f}\u00a0h" if hours < 99.95 else f"{hours:,.0f}\u00a0h"


@_in_its_words
def format_duration(minutes: Any) -> str:
    """A duration by the clock, in hours up to three days, else in days."""
    if minutes is None or float(minutes) < 3 * 24 * 60:
        return format_hours(minutes)
    return f"{float(minutes) / 1440:,.1f}\u00a0d"


def format_interval(low: Any, high: Any, form: Callable[[Any], str]) -> str:
    """Both ends of an interval: `78.2 % to 87.0 %`; a dash where there is none."""
    if low is None or high is None or isinstance(low, Untold) or isinstance(high, Untold):
        return "–"
    return f"{form(low)} to {form(high)}"


def system_name(system: str) -> str:
    """A system's name for people: `usage` becomes `Product use`."""
    return SYSTEMS.get(system, system.replace("_", " ").capitalize())
