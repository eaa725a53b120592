"""The page of what is measured: every indicator of a customer, for how many, and why not.

Belongs here: what is read of the mart of coverage and how it is told. Not here: other pages, chart
specifications, the indicators' own values.
"""

from collections.abc import Sequence
from typing import Any

from orchestration.release.formats import (
    format_integer,
    format_percent,
    format_share,
    system_name,
)
from orchestration.release.pages import charts
from orchestration.release.pages.model import (
    Cell,
    Column,
    Figure,
    PageSpec,
    Reader,
    Section,
    Table,
    Topic,
)
from orchestration.release.pages.words import count_of, label_column, names, number, rate, tile
from orchestration.release.palette import GREEN, GREY, SKY
from orchestration.release.parts import Part
from orchestration.release.reading import Row

MEASURED, PARTLY, NOT = "measured", "partly measured", "not measured"
_STATES = {
    MEASURED: "For all",
    PARTLY: "For some",
    NOT: "For nobody",
}
_COLOURS = {"For all": GREEN, "For some": SKY, "For nobody": GREY}


def _indicators(reader: Reader) -> list[Row]:
    """Every indicator of the newest month with its name, the least measured first."""
    rows = reader.rows(
        """
        select
            coverage.*,
            coalesce(catalogue.name, coverage.indicator_id) as label,
            catalogue.description
        from scorecard.indicator_coverage as coverage
        left join scorecard.indicator_catalogue as catalogue
            on
                coverage.indicator_id = catalogue.indicator_id
                and catalogue.mart = 'customer_indicators'
        where coverage.as_of_date = (select max(as_of_date) from scorecard.indicator_coverage)
        order by coverage.measured_share nulls first, coverage.indicator_id
        """
    )
    return [{**row, "system": needed_systems(row["needs_system"])} for row in rows]


def needed_systems(needs: Any) -> str:
    """What an indicator needs in words: `support or survey` becomes `Support or surveys`."""
    if not needs:
        return "Billing and CRM"
    word, split = ("or", " or ") if " or " in needs else ("and", ", ")
    first, *others = [system_name(part.strip()) for part in str(needs).split(split)]
    return f" {word} ".join([first, *(other[:1].lower() + other[1:] for other in others)])


def _overview(reader: Reader) -> Section | None:
    rows = _indicators(reader)
    if not rows:
        return None
    systems = sorted(
        {row["system"] for row in rows}, key=lambda name: (name != "Billing and CRM", name)
    )
    listed = [
        {
            "label": system,
            **{
                state: sum(1 for row in rows if row["system"] == system and row["status"] == state)
                for state in _STATES
            },
        }
        for system in systems
    ]
    sums = {state: sum(row[state] for row in listed) for state in _STATES}
    customers = max(row["customers"] for row in rows)
    as_of = rows[0]["as_of_date"]
    return Section(
        as_of=as_of,
        intro="What is not measured is left empty everywhere: never zero, never a guess. A "
        "customer without a ticket has no time to solve; that is no gap, it is said apart.",
        headline=f"Of {format_integer(len(rows))} indicators {format_integer(sums[MEASURED])} are "
        f"measured for all of {format_integer(customers)} active customers, "
        f"{format_integer(sums[PARTLY])} for some and {format_integer(sums[NOT])} for nobody.",
        tiles=[
            tile(
                f"Measured {words.lower()}",
                format_integer(sums[state]),
                f"{format_percent(sums[state] / len(rows))} of the indicators of a customer",
                definition=definition,
                as_of=as_of,
                source="indicator_coverage.status",
            )
            for (state, words), definition in zip(
                _STATES.items(),
                (
                    "Indicators with a value for every active customer.",
                    "Indicators with a value for some of the active customers.",
                    "Indicators without a value for any active customer.",
                ),
                strict=True,
            )
        ],
        rows=[
            (
                _by_system_drawn(listed),
                _by_system_listed(listed),
            )
        ],
    )


def _by_system_drawn(listed: Sequence[Row]) -> Figure:
    return Figure(
        "Indicators by the system that they need",
        "Number of indicators that are measured for all, some or none of the active customers.",
        charts.stacks(
            [
                {"label": row["label"], "part": words, "value": row[state]}
                for row in listed
                for state, words in _STATES.items()
            ],
            _COLOURS,
            form=format_integer,
        ),
        Table(
            "Indicators by system",
            [
                label_column("Needs"),
                *(number(words, state) for state, words in _STATES.items()),
            ],
            listed,
            sources="indicator_coverage.needs_system, status",
        ),
        "Without the system no customer has a value of the indicator; all others stay.",
    )


def _by_system_listed(listed: Sequence[Row]) -> Table:
    return Table(
        "By system",
        [
            label_column("Needs"),
            *(number(words, state) for state, words in _STATES.items()),
        ],
        listed,
        note="Of two systems with “or” between, one is enough.",
        sources="indicator_coverage",
    )


def _listed(reader: Reader, state: str) -> tuple[list[Row], Row | None]:
    rows = _indicators(reader)
    return [row for row in rows if row["status"] == state], rows[0] if rows else None


def _why(row: Row) -> str:
    text = str(row["why_not"] or "")
    if not text and row["customers_without_cases"]:
        text = f"{format_integer(row['customers_without_cases'])} had no case in its window"
    return text[:1].upper() + text[1:] if text else "–"


def _name() -> Column:
    return Column(
        "Indicator",
        lambda row: Cell(str(row["label"]), detail=str(row["indicator_id"])),
        is_number=False,
        is_head=True,
    )


def _meaning() -> Column:
    return Column(
        "Definition",
        lambda row: str(row["description"] or "–"),
        is_number=False,
        is_on_phone=False,
    )


def _missing(reader: Reader) -> Section | None:
    rows, any_row = _listed(reader, NOT)
    if any_row is None:
        return None
    if not rows:
        return Section(
            as_of=any_row["as_of_date"],
            rows=[],
            said=["Every indicator is measured for at least one active customer."],
        )
    return Section(
        as_of=any_row["as_of_date"],
        intro="No active customer has a value of these.",
        rows=[
            (
                Table(
                    f"{count_of(len(rows), 'indicator', 'indicators')} measured for nobody",
                    [
                        _name(),
                        Column(
                            "Needs",
                            lambda row: str(row["system"]),
                            is_number=False,
                            is_on_phone=False,
                        ),
                        Column("Why not", _why, is_number=False),
                        _meaning(),
                    ],
                    _by_system(rows),
                    sources="indicator_coverage.why_not",
                ),
            )
        ],
    )


def _by_system(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["system"] != "Billing and CRM", row["system"]))


def _partly(reader: Reader) -> Section | None:
    rows, any_row = _listed(reader, PARTLY)
    if any_row is None:
        return None
    if not rows:
        return Section(
            as_of=any_row["as_of_date"],
            rows=[],
            said=["What is measured at all is measured for every active customer."],
        )
    return Section(
        as_of=any_row["as_of_date"],
        intro="The least measured first. No case: the customer did nothing that the indicator "
        "could be measured on.",
        rows=[
            (
                Table(
                    f"{count_of(len(rows), 'indicator', 'indicators')} measured for some",
                    [
                        _name(),
                        rate("Measured", "measured_share", form=format_share),
                        number("Customers", "measured_customers", on_phone=False),
                        number("No case", "customers_without_cases", on_phone=False),
                        Column("Why not for all", _why, is_number=False),
                        _meaning(),
                    ],
                    rows,
                    sources="indicator_coverage",
                ),
            )
        ],
    )


def _whole(reader: Reader) -> Section | None:
    rows, any_row = _listed(reader, MEASURED)
    if any_row is None:
        return None
    return Section(
        as_of=any_row["as_of_date"],
        intro="Every active customer has a value of these, be it zero.",
        rows=[
            (
                Table(
                    f"{count_of(len(rows), 'indicator', 'indicators')} measured for all",
                    [
                        _name(),
                        Column("Needs", lambda row: str(row["system"]), is_number=False),
                        _meaning(),
                    ],
                    _by_system(rows),
                    sources="indicator_coverage.status, indicator_catalogue.description",
                    empty="None is measured for every active customer.",
                ),
            )
        ],
    )


_MARTS = {
    "indicator_coverage": names(
        "as_of_date indicator_id needs_system customers measured_customers "
        "customers_without_cases measured_share status why_not"
    ),
    "indicator_catalogue": names("indicator_id mart name description"),
}

PAGE = PageSpec(
    "measured",
    "What is measured",
    "What do the data say of each customer, and what do they not?",
    (
        Topic("coverage", Part("How much is measured", _MARTS), _overview),
        Topic("nobody", Part("Measured for nobody", _MARTS), _missing),
        Topic("some", Part("Measured for some", _MARTS), _partly),
        Topic("all", Part("Measured for all", _MARTS), _whole),
    ),
)
