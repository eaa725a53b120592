"""Rules that several suites ask of their tables in the same way.

Belongs here: volume and drift from one month to the next, scores, months. Not here: rules about one
table only.
"""

from __future__ import annotations

from collections.abc import Sequence

from data_quality.contracts import load_mart_columns
from data_quality.rules import Rule, Table

# Half of the rows gone in one month is a lost source or a broken join, not business.
VOLUME_DROP_LIMIT = 0.50
# Population stability index: above .25 act (handbook C25); below 200 rows it is noise.
PSI_LIMIT = 0.25
PSI_MIN_ROWS = 200
PSI_FLOOR = 1e-6

# More than one row in a hundred refused is a change at the source, not a slip (handbook C24).
REFUSED_LIMIT = 0.01
# Of a small file one refused row is more than one in a hundred, and yet a slip.
REFUSED_ROWS_MIN = 10
# A file that was sent again replaces what its earlier load said.
NEWEST_LOADS = """
    (
        select * from control.loads
        qualify row_number() over (
            partition by system, table_name, file order by load_id desc
        ) = 1
    )
"""

# The same, with the refused rows on which nobody has decided.
WAITING_ROWS = f"""
    (
        select loads.*, loads.rows_quarantined - coalesce(decided.row_count, 0) as rows_waiting
        from {NEWEST_LOADS} as loads
        left join (
            select load_id, count(*) as row_count from quarantine.decided_rows group by load_id
        ) as decided on loads.load_id = decided.load_id
    )
"""

# Money without a rate is missing from revenue: a currency of some weight must not be.
WITHOUT_RATE_LIMIT = 0.01

# Rates on fewer cases are flagged and not ranked (handbook C0).
MIN_N = 30
# Rates are published with six decimals.
TOLERANCE = 0.000001

# Published money is rounded to the penny, the customers' own is not.
PENNY = 0.01

# What the name of a thing never looks like: an e-mail address, a telephone number written out.
EMAIL = "'%_@_%._%'"
PHONE = "'[+(]?[0-9][0-9 ()./-]{8,}'"

CHANNELS = ("phone", "email", "chat", "web", "social", "mobile", "bot")
TIERS = ("A", "B", "C", "D")
BANDS = ("red", "amber", "green")
VALUE_BASES = ("revenue", "margin")
# The method of months whose estimator cannot be used any more (`orchestration.prediction`).
NOT_SCORED = "not_scored"


def month_ends(table: Table) -> Rule:
    """Every row stands at a month end, and at none after the run's last month."""
    keys = ", ".join(table.keys)
    return table.no_rows(
        "as_of_date_is_a_scored_month_end",
        f"""
        select {keys} from {table.path}
        where as_of_date <> last_day(as_of_date)
            or as_of_date > (select max(last_month) from control.run_window)
        """,
        says="Every row stands at a month end, none after the last month of the run.",
        because="A figure of another day cannot be compared, one of the future cannot be known.",
        characteristic="currentness",
        columns=("as_of_date",),
        reads=("control.run_window",),
    )


def months_are_complete(table: Table, *, since_its_first: bool = False) -> Rule:
    """No month up to the run's last is missing.

    Args:
        table: The table, with `as_of_date`.
        since_its_first: Count from the table's own first month, for tables that begin later than
            the run (a score needs twelve measured months), not from the first month of the run.
    """
    start = f"(select min(as_of_date) from {table.path})" if since_its_first else "first_month"
    since = "its first month" if since_its_first else "the run's first month"
    return table.measure(
        "has_every_month",
        f"""
        select count(*) filter (where present.as_of_date is null)
        from (
            select unnest(generate_series(
                {start}::timestamp, last_month::timestamp, interval 1 day
            ))::date as as_of_date
            from control.run_window
        ) as days
        left join (select distinct as_of_date from {table.path}) as present
            on days.as_of_date = present.as_of_date
        where days.as_of_date = last_day(days.as_of_date)
        having count(*) > 0
        """,
        high=0,
        says=f"Every month from {since} to the run's last has rows.",
        because="A missing month breaks every trend that passes through it.",
        characteristic="completeness",
        columns=("as_of_date",),
        reads=("control.run_window",),
    )


def volume(table: Table) -> Rule:
    """The last month has not lost half of the rows of the month before."""
    return table.measure(
        "volume_is_stable",
        f"""
        select count(*) filter (where as_of_date = months.newest)
            / nullif(count(*) filter (where as_of_date = last_day(months.newest - interval 1 month)
            ), 0) - 1
        from {table.path} cross join (select max(as_of_date) as newest from {table.path}) as months
        """,
        low=-VOLUME_DROP_LIMIT,
        may_be_missing=True,
        says="The last month has at least half as many rows as the month before.",
        because="So large a drop is a lost source or a broken join, not business.",
        characteristic="credibility",
        severity="warn",
        columns=("as_of_date",),
    )


def volume_of_the_season(table: Table, date_column: str) -> Rule:
    """The last month has not lost half of the rows that this month of the year used to have.

    Args:
        table: The table, with one row per thing that happened.
        date_column: When it happened.
    """
    return table.measure(
        "volume_is_usual_for_the_season",
        f"""
        with months as (
            select last_day({date_column}::date) as happened_month, count(*) as row_count
            from {table.path} where {date_column} is not null group by happened_month
        ),
        newest as (select max(last_month) as last_month from control.run_window)
        select coalesce(max(months.row_count) filter (
                where months.happened_month = newest.last_month
            ), 0) / avg(months.row_count) filter (
                where months.happened_month < newest.last_month
                    and month(months.happened_month) = month(newest.last_month)
            ) - 1
        from months cross join newest
        """,
        low=-VOLUME_DROP_LIMIT,
        may_be_missing=True,
        says="The last month has at least half as many rows as the same month of earlier years.",
        because="A quiet season comes every year; half of it gone is a lost source.",
        characteristic="credibility",
        severity="warn",
        columns=(date_column,),
        reads=("control.run_window",),
    )


def drift(table: Table, column: str, *, width: float) -> Rule:
    """The distribution of a column has not shifted from the month before (PSI, ten bins).

    Args:
        table: The table, with `as_of_date`.
        column: The column.
        width: Width of one of the ten bins, which start at zero.
    """
    return table.measure(
        f"{column}_distribution_is_stable",
        f"""
        with months as (select max(as_of_date) as newest from {table.path}),
        binned as (
            select
                least(9, greatest(0, floor({column} / {width})))::int as bin,
                count(*) filter (where as_of_date = months.newest) as now_count,
                count(*) filter (
                    where as_of_date = last_day(months.newest - interval 1 month)
                ) as before_count
            from {table.path} cross join months where {column} is not null group by bin
        ),
        shares as (
            select
                greatest(now_count / nullif(sum(now_count) over (), 0), {PSI_FLOOR}) as now_share,
                greatest(before_count / nullif(sum(before_count) over (), 0), {PSI_FLOOR})
                    as before_share,
                least(sum(now_count) over (), sum(before_count) over ()) as row_count
            from binned
        )
        select sum((now_share - before_share) * ln(now_share / before_share))
        from shares where row_count >= {PSI_MIN_ROWS}
        """,
        high=PSI_LIMIT,
        may_be_missing=True,
        says=f"The distribution of {column} is like that of the month before (PSI up to 0.25).",
        because="A sudden shift is more often a fault in the data than a change of customers.",
        characteristic="credibility",
        severity="warn",
        columns=(column,),
    )


def refused_share_is_small(table: Table, systems: Sequence[str]) -> Rule:
    """No file of the systems lost more than a slip of its rows to the quarantine.

    What is read of these systems is then whole enough to be published.
    """
    names = ", ".join(f"'{system}'" for system in systems)
    return table.no_rows(
        "refused_share_is_small",
        f"""
        select load_id, system, table_name from {WAITING_ROWS} as newest
        where status = 'loaded' and system in ({names})
            and rows_waiting > {REFUSED_LIMIT} * rows_read
            and rows_waiting >= {REFUSED_ROWS_MIN}
        """,
        says=f"No file of {' or '.join(systems)} has more than 1 % of its rows, and at least "
        f"{REFUSED_ROWS_MIN}, in quarantine without a person's decision.",
        because=(
            "So many refused rows are a change at the source. Send the corrected file under the "
            "same name (only a file's newest load counts), or decide on the rows "
            "(`scorecard quarantine`)."
        ),
        characteristic="credibility",
        reads=("control.loads", "quarantine.decided_rows"),
    )


def shares(table: Table, *columns: str) -> tuple[Rule, ...]:
    """Columns that are shares lie in 0 to 1."""
    return tuple(
        table.between(
            column,
            0,
            1,
            says=f"{column} lies between 0 and 1.",
            because="It is a share; anything else is a fault of the calculation.",
        )
        for column in columns
    )


def scores(table: Table, *columns: str) -> tuple[Rule, ...]:
    """Columns that are scores lie in 0 to 100."""
    return tuple(
        table.between(
            column,
            0,
            100,
            says=f"{column} lies between 0 and 100.",
            because="Scores run from 0 to 100 by definition, higher is better.",
        )
        for column in columns
    )


def keys_present(table: Table) -> tuple[Rule, ...]:
    """No key column is empty."""
    return tuple(
        table.not_null(
            column,
            says=f"Every row has its {column}.",
            because="A row without its key belongs to nobody and cannot be joined.",
        )
        for column in table.keys
    )


def key_is_unique(table: Table) -> Rule:
    """One row per key."""
    return table.unique(
        says=f"There is one row per {', '.join(table.keys)}.",
        because="A second row would count the same thing twice in every sum.",
    )


def keys(table: Table) -> tuple[Rule, ...]:
    """Every row has its whole key, and no other row has it."""
    names = ", ".join(table.keys)
    missing = " or ".join(f"{key} is null" for key in table.keys)
    return (
        table.no_rows(
            "key_is_present",
            f"select {names} from {table.path} where {missing}",
            says=f"Every row has its {names}.",
            because="A row without its key belongs to nobody and cannot be joined.",
            characteristic="completeness",
            columns=table.keys,
        ),
        key_is_unique(table),
    )


def customer_is_known(table: Table, *columns: str) -> Rule:
    """Whoever is named is a customer of the mart `customers`.

    Args:
        table: The table.
        columns: The columns that name a customer; `customer_id` by default.
    """
    names = columns or ("customer_id",)
    own = ", ".join(f"facts.{key}" for key in table.keys)
    queries = [
        f"""
        select {own} from {table.path} as facts
        anti join scorecard.customers as customers on facts.{name} = customers.customer_id
        where facts.{name} is not null
        """
        for name in names
    ]
    return table.no_rows(
        "customer_is_known",
        " union all ".join(queries),
        says="Every customer who is named stands in the list of customers.",
        because="A row of an unknown customer cannot be explained to anyone.",
        characteristic="consistency",
        columns=names,
        reads=("scorecard.customers",),
    )


def is_left_unscored(method: str) -> str:
    """Condition: a month before the last whose estimator could not be used any more.

    Args:
        method: The column that says how the figures were found.
    """
    return (
        f"({method} is not distinct from '{NOT_SCORED}' "
        "and as_of_date < (select max(last_month) from control.run_window))"
    )


def unpublished_estimators_are_not_used(table: Table, kind: str, *, what: str) -> Rule:
    """What an estimator says is shown only if it was published.

    Args:
        table: The mart, with `<kind>_method` and `<kind>_estimator_version`.
        kind: The kind of the estimator.
        what: What is shown, for the sentence.
    """
    own = ", ".join(f"shown.{key}" for key in table.keys)
    return table.no_rows(
        "unpublished_estimators_are_not_used",
        f"""
        select {own}
        from {table.path} as shown
        left join scorecard.estimators as estimators
            on shown.{kind}_estimator_version = estimators.estimator_version
            and estimators.estimator = '{kind}'
        where shown.{kind}_method = 'estimator'
            and estimators.status is distinct from 'published'
        """,
        says=f"No {what} comes from an estimator that failed its own checks.",
        because="The fallback must be used, and must say so.",
        characteristic="credibility",
        columns=(f"{kind}_method", f"{kind}_estimator_version"),
        reads=("scorecard.estimators",),
    )


def no_personal_data(table: Table, *, exempt: Sequence[str] = ()) -> Rule:
    """No text column of a mart holds an e-mail address or a telephone number.

    Args:
        table: The mart; its text columns are those of its contract.
        exempt: Columns that hold names of organisations or words of our own.
    """
    columns = [
        name
        for name, data_type in load_mart_columns()[table.name].items()
        if data_type == "varchar" and name not in exempt
    ]
    # A full match costs far more than a look for the blank or the sign that a number has.
    found = "\n    or ".join(
        f"{name} like {EMAIL} or ((({name} like '% %') or ({name} like '+%')) "
        f"and regexp_full_match({name}, {PHONE}))"
        for name in columns
    )
    return table.no_rows(
        "no_personal_data",
        f"select {', '.join(table.keys)} from {table.path}\nwhere {found}",
        says="No text is an e-mail address or a telephone number.",
        because="Personal data never reaches a release (handbook C26).",
        characteristic="confidentiality",
        columns=columns,
    )


def nothing_of_the_future(table: Table, *columns: str) -> Rule:
    """No date or time lies after the run's last month.

    Args:
        table: The table.
        columns: Columns of dates or timestamps that say what has happened.
    """
    later = " or ".join(f"{name}::date > run_window.last_month" for name in columns)
    own = ", ".join(f"facts.{key}" for key in table.keys)
    return table.no_rows(
        "nothing_is_of_the_future",
        f"""
        select {own} from {table.path} as facts
        cross join control.run_window as run_window
        where {later}
        """,
        says="Nothing is told that happened after the last month of the run.",
        because="A past month must say what was known then, or it changes each time it is read.",
        characteristic="currentness",
        columns=columns,
        reads=("control.run_window",),
    )


def every_one_is_there(
    table: Table, source: str, source_key: str, known_at: Sequence[str], *, says: str
) -> Rule:
    """As many rows as the source has things that were known by the run's last month.

    So a mart is empty where nothing was delivered, and nowhere else.

    Args:
        table: The mart, one row per thing.
        source: The raw table.
        source_key: What names the thing there.
        known_at: The columns that say when it happened and when the source spoke of it.
        says: What holds, in a manager's words.
    """
    by_then = " and ".join(f"source.{column}::date <= run_window.last_month" for column in known_at)
    return table.measure(
        "none_is_lost",
        f"""
        select (select count(*) from {table.path}) - count(distinct trim(source.{source_key}))
        from {source} as source cross join control.run_window as run_window
        where source._load_id <= run_window.known_load_id
            and {by_then}
        """,
        low=0,
        high=0,
        says=says,
        because="One that came in and is not published was lost on the way, or counted twice.",
        characteristic="completeness",
        columns=table.keys,
        reads=(source, "control.run_window"),
    )


def month_is_that_of(table: Table, column: str) -> Rule:
    """The column `month_end` is the last day of the month of a time."""
    return table.no_rows(
        "month_end_is_that_of_the_row",
        f"select {', '.join(table.keys)} from {table.path} "
        f"where month_end is distinct from last_day({column}::date)",
        says=f"month_end is the last day of the month of {column}.",
        because="Months are counted and joined by it.",
        characteristic="consistency",
        columns=("month_end", column),
    )


def not_negative(table: Table, *columns: str) -> Rule:
    """No column, where it is filled, is below zero."""
    below = "\n    or ".join(f"{column} < 0" for column in columns)
    return table.no_rows(
        "counts_are_not_negative",
        f"select {', '.join(table.keys)} from {table.path}\nwhere {below}",
        says="No count, sum or length of time is negative.",
        because="Below zero a window, a join or an order of times is wrong.",
        characteristic="accuracy",
        columns=columns,
    )


def money_has_its_rate(table: Table) -> Rule:
    """Hardly any document lacks an exchange rate, so that sums of money are whole."""
    return table.measure(
        "money_has_its_rate",
        """
        select max(share) from scorecard.source_findings where rule_id = 'currency_without_rate'
        """,
        high=WITHOUT_RATE_LIMIT,
        may_be_missing=True,
        says="At most 1 % of the invoices, lines, payments or subscriptions of billing lack an "
        "exchange rate.",
        because="More is a currency that was forgotten: its revenue would be missing everywhere.",
        characteristic="completeness",
        reads=("scorecard.source_findings",),
    )


def interval_holds(table: Table, value: str, low: str, high: str, *, but: str = "false") -> Rule:
    """A rate lies inside its own interval.

    Args:
        table: The table.
        value: Column of the estimate; the rule is named after it.
        low: Column of the lower bound.
        high: Column of the upper bound.
        but: SQL condition of rows whose interval is not centred on the estimate.
    """
    return table.no_rows(
        f"{value}_lies_in_its_interval",
        f"select {', '.join(table.keys)} from {table.path} "
        f"where ({value} < {low} - {TOLERANCE} or {value} > {high} + {TOLERANCE}) and not ({but})",
        says=f"{value} lies between {low} and {high}.",
        because="An interval that leaves its estimate out was computed from other numbers.",
        characteristic="consistency",
        columns=(value, low, high),
    )


def few_cases_are_flagged(table: Table, flag: str, count: str) -> Rule:
    """A rate on few cases is flagged, and no other; the rule is named after the flag."""
    return table.no_rows(
        f"{flag}_marks_few_cases",
        f"select {', '.join(table.keys)} from {table.path} where {flag} <> ({count} < {MIN_N})",
        says=f"{flag} is true where {count} is below {MIN_N}, and nowhere else.",
        because="A rate on a handful of cases must not be ranked.",
        characteristic="credibility",
        columns=(flag, count),
    )


def rates_flag_few_cases(table: Table, **counts: str) -> Rule:
    """Every rate of a table on few cases is flagged, and no other.

    Args:
        table: The table.
        counts: For each rate, flagged in column `is_<rate>_low_n`, the column of its cases.
    """
    broken = "\n    or ".join(
        f"is_{rate}_low_n <> ({count} < {MIN_N})" for rate, count in counts.items()
    )
    return table.no_rows(
        "few_cases_are_flagged",
        f"select {', '.join(table.keys)} from {table.path}\nwhere {broken}",
        says=f"Every rate is flagged where it rests on fewer than {MIN_N} cases, and nowhere else.",
        because="A rate on a handful of cases must not be ranked.",
        characteristic="credibility",
        columns=tuple(f"is_{rate}_low_n" for rate in counts),
    )


def rates_hold(table: Table, *names: str) -> Rule:
    """Every rate lies in 0 to 1 and inside its interval, and stands where its interval does.

    Args:
        table: The table.
        names: The rates, each in columns `<name>_ratio`, `<name>_low` and `<name>_high`.
    """
    broken = "\n    or ".join(
        f"({name}_ratio is null) <> ({name}_low is null)"
        f" or ({name}_ratio is null) <> ({name}_high is null)"
        f" or {name}_low < 0 or {name}_high > 1"
        f" or {name}_ratio not between {name}_low - {TOLERANCE} and {name}_high + {TOLERANCE}"
        for name in names
    )
    return table.no_rows(
        "rates_lie_in_their_intervals",
        f"select {', '.join(table.keys)} from {table.path}\nwhere {broken}",
        says="Every rate lies between 0 and 1 and inside its own interval; both stand or neither.",
        because="A rate outside its interval was computed from other numbers.",
        characteristic="consistency",
        columns=tuple(f"{name}_{part}" for name in names for part in ("ratio", "low", "high")),
    )


def contacts_have_consent(
    table: Table, *, acts: str = "true", needs: str = "true", reads: Sequence[str] = ()
) -> Rule:
    """Nobody without consent to marketing is offered as a contact, and who is held is told why.

    Only the newest month is asked: nobody acts on the lists of earlier ones.

    Args:
        table: The list, with `customer_id`, `as_of_date`, `may_contact` and `held_reason`.
        acts: Condition on a row `listed` by which there is something to contact somebody for.
        needs: Condition on a row `listed` by which that needs consent.
        reads: Tables that the conditions read.
    """
    own = ", ".join(f"listed.{key}" for key in table.keys)
    return table.no_rows(
        "contacts_have_consent",
        f"""
        select {own}
        from {table.path} as listed
        left join scorecard.customer_history as history
            on listed.customer_id = history.customer_id
            and listed.as_of_date = history.as_of_date
        where listed.as_of_date = (select max(as_of_date) from {table.path})
            and (
                (listed.may_contact is not null) <> ({acts})
                or (
                    listed.may_contact and ({needs})
                    and history.has_marketing_consent is not true
                )
                or (not listed.may_contact and history.has_marketing_consent is true)
                or listed.held_reason is distinct from case
                    when listed.may_contact is distinct from false then null
                    when history.has_marketing_consent is null then 'consent_unknown'
                    when not history.has_marketing_consent then 'consent_refused'
                end
            )
        """,
        says="Where an act needs consent to marketing, only who has given it may be contacted; "
        "who is held is told as refused or never asked.",
        because="An offer to somebody who did not agree breaks the law, and the customer's trust.",
        characteristic="confidentiality",
        columns=("may_contact", "held_reason"),
        reads=("scorecard.customer_history", *reads),
    )
