"""The customer search of the report: every customer's score taken apart, in a page of files.

Belongs here: turning the newest month of the scorecard marts into data files beside the page, and
the page in each language. Not here: what is shown of one customer in the browser
(`templates/customers.js`), computing scores (`models/`).

A page that is opened as a file may not fetch others, but may load scripts: so the data are scripts.
One holds what is searched and listed, as columns; the others hold a thousand customers each and
are loaded when one of them is opened. They are compressed, which a browser undoes by itself. All
values come from SQL as text; no row passes through Python. Published are ids and the names of
organisations, as in the mart `customers`, and nothing else that names anybody.
"""

import base64
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection
from jinja2 import Environment

from orchestration.release.languages import (
    LANGUAGES,
    day_in,
    file_in,
    notice_in,
    profile_names,
    translator,
)
from orchestration.release.manifest import Manifest
from orchestration.release.pages.words import names, readable
from orchestration.release.reading import Row, read_rows

KEY = "customers"
TITLE = "Customer search"
DATA_FOLDER = "customers"
SHARD = 1_000
MONTHS_SHOWN = 36
# Beyond this many the files would outgrow the release; the page then says where to look instead.
MOST_CUSTOMERS = 250_000
_SHARDS_AT_ONCE = 25
_MARTS = (
    "customers",
    "customer_scorecard",
    "customer_scorecard_nodes",
    "customer_scorecard_measures",
    "customer_scorecard_changes",
)
# What a browser reads of a card, in this order; a mart of an older release may lack some.
_CARD = names(
    "score coverage previous_score value_change scale_change configuration_change coverage_change "
    "exception_change override_change score_before_exceptions exception_id score_before_override "
    "override_reason override_team override_until best_lever best_lever_gain trend dead_band "
    "churn_probability risk_band is_contradiction"
)
_ROUNDED = {
    name
    for name in _CARD
    if name.endswith(("score", "_change", "exceptions", "override", "gain", "band"))
} - {"risk_band"}

# Every text of `templates/customers.js`; a test reads them there.
SCRIPT_TEXTS = (
    "Tier",
    "red",
    "amber",
    "green",
    "none",
    "up",
    "down",
    "flat",
    "n/a",
    "No score",
    "Coverage",
    "Trend",
    "{n} of {all} customers",
    "The data of this customer cannot be loaded:",
    "Health and risk contradict each other",
    "Since last month",
    "Leaves within 6 months",
    "Risk band",
    "Next best lever",
    "Where the score comes from",
    "Sum",
    "Dimensions",
    "coverage {share}",
    "History",
    "Computed {score}; changed by the exception {id}.",
    "Set by {team} until {until}: {reason}",
    "{n} days old",
    "score {score}",
    "{n} source rows",
    "weight {share}",
    "Values measured",
    "Scale and targets",
    "Configuration",
    "Exceptions",
    "Overrides",
    "Since last month: {from} to {to}",
    "Measures that moved it most",
    "no evidence for this customer",
    "no data",
    "Not measured",
)


def write_search(
    folder: Path, con: DuckDBPyConnection, manifest: Manifest, environment: Environment
) -> list[Path]:
    """Write the pages of the search and their data.

    Args:
        folder: The folder of the report.
        con: A connection whose current database is the release's.
        manifest: The release's manifest.
        environment: Templates and filters of the pages.

    Returns:
        The pages, one for each language.
    """
    reason = _why_not(con, manifest)
    facts = {} if reason else _write_data(folder / DATA_FOLDER, con, manifest)
    pages = []
    for lang in LANGUAGES:
        page = folder / file_in(lang, KEY)
        page.write_text(_render(lang, manifest, environment, reason, facts), encoding="utf-8")
        pages.append(page)
    return pages


def _why_not(con: DuckDBPyConnection, manifest: Manifest) -> str:
    absent = [mart for mart in _MARTS if mart not in manifest.marts]
    if absent:
        return "The scorecard is not in this release: its data product has never passed its gate."
    (row,) = read_rows(
        con,
        "select count(distinct customer_id) as n from scorecard.customer_scorecard "
        "where as_of_date = (select max(as_of_date) from scorecard.customer_scorecard)",
    )
    if not row["n"]:
        return "The scorecard has no row in this release."
    if row["n"] > MOST_CUSTOMERS:
        return (
            "There are too many customers for a page of files. Use `scorecard explain CUSTOMER`, "
            "or the mart customer_scorecard."
        )
    return ""


def _render(
    lang: str, manifest: Manifest, environment: Environment, reason: str, facts: dict[str, Any]
) -> str:
    translate = translator(lang)
    names = profile_names(lang)
    return environment.get_template("customers.html.j2").render(
        lang=lang,
        t=translate,
        overview=file_in(lang, "index"),
        other=file_in("zh" if lang == "en" else "en", KEY),
        scorecards=file_in(lang, "scorecards"),
        proof=file_in(lang, "proof"),
        manifest=manifest,
        notice=notice_in(lang, manifest),
        reason=reason,
        held=_held(lang, manifest),
        facts=facts,
        words={text: translate(text) for text in SCRIPT_TEXTS},
        profile_names={key: names.get(key, readable(key)) for key in facts.get("profiles", [])},
        data=DATA_FOLDER,
    )


def _held(lang: str, manifest: Manifest) -> list[dict[str, str]]:
    """Products behind this page that are not those of this release, as every page names them."""
    day = day_in(lang)
    return [
        {
            "title": readable(name),
            "last_month": "" if entry.is_absent else day(entry.last_month),
            "release": entry.from_release or "",
            "reason": entry.reason,
        }
        for name, entry in manifest.products.items()
        if entry.decision != "pass" and set(entry.marts) & set(_MARTS)
    ]


def _write_data(folder: Path, con: DuckDBPyConnection, manifest: Manifest) -> dict[str, Any]:
    """Write the list and the shards; give what the pages need to know beforehand."""
    folder.mkdir(exist_ok=True)
    months = [
        row["as_of_date"]
        for row in read_rows(
            con,
            "select distinct as_of_date from scorecard.customer_scorecard "
            "order by as_of_date desc limit ?",
            [MONTHS_SHOWN],
        )
    ][::-1]
    newest = months[-1]
    profiles = [
        str(row["profile"])
        for row in read_rows(
            con,
            "select distinct profile from scorecard.customer_scorecard where as_of_date = ? "
            "order by profile <> ?, profile",
            [newest, manifest.profile],
        )
    ]
    values = {"newest": newest, "first": months[0], "profiles": profiles, "months": months}
    con.execute(
        """
        create or replace temp table search_customers as
        select
            row_number() over (order by customers.customer_id) - 1 as place,
            customers.customer_id,
            coalesce(customers.crm_customer_id, '') as crm_id,
            coalesce(customers.organisation_name, '') as organisation
        from scorecard.customers
        where customers.customer_id in (
            select customer_id from scorecard.customer_scorecard where as_of_date = $newest
        )
        """,
        {"newest": newest},
    )
    (count,) = con.execute("select count(*) from search_customers").fetchone() or (0,)
    dictionary = _dictionary(con, values)
    listed = {
        "months": [month.isoformat() for month in months],
        "profiles": profiles,
        "shard": SHARD,
        **dictionary,
    }
    columns = _listed_columns(con, values)
    text = json.dumps(listed, ensure_ascii=False)[:-1] + "".join(
        f', "{name}": {column}' for name, column in columns.items()
    )
    (folder / "index.js").write_text(_script("index", text + "}"), encoding="utf-8")
    for first in range(0, -(-count // SHARD), _SHARDS_AT_ONCE):
        for shard, rows in _shards(con, values, first):
            (folder / f"{shard:04d}.js").write_text(
                _script(f"shard:{shard}", rows), encoding="utf-8"
            )
    con.execute("drop table search_customers")
    return {"profiles": profiles, "count": count, "newest": newest}


def _script(name: str, text: str) -> str:
    """Data as a script that hands them to the page."""
    packed = base64.b64encode(zlib.compress(text.encode("utf-8"), 6)).decode("ascii")
    return f'scorecardData("{name}","{packed}");\n'


def _dictionary(con: DuckDBPyConnection, values: dict[str, Any]) -> dict[str, Any]:
    """Measures and dimensions of each profile with their names, in both languages."""
    units = (
        "select indicator_id, max(unit) as unit from scorecard.indicator_catalogue group by all"
        if _has(con, "indicator_catalogue")
        else "select null as indicator_id, null as unit where false"
    )
    columns = _columns(con, "customer_scorecard_measures")
    label = "max(measures.label)" if "label" in columns else "max(measures.measure)"
    label_zh = "max(measures.label_zh)" if "label_zh" in columns else label
    indicator = "measures.indicator_id" if "indicator_id" in columns else "measures.measure"
    con.execute(
        f"""
        create or replace temp table search_measures as
        select
            row_number() over (order by measures.profile, measures.measure) - 1 as place,
            measures.profile,
            measures.measure,
            {label} as label,
            {label_zh} as label_zh,
            max(measures.dimension) as dimension,
            coalesce(max(units.unit), '') as unit,
            max(measures.weight) as weight
        from scorecard.customer_scorecard_measures as measures
        left join ({units}) as units on {indicator} = units.indicator_id
        where measures.as_of_date = $newest
        group by measures.profile, measures.measure
        """,
        {"newest": values["newest"]},
    )
    con.execute(
        """
        create or replace temp table search_nodes as
        select
            row_number() over (order by profile, max(weight) desc, node_id) - 1 as place,
            profile,
            node_id,
            max(label) as label,
            max(label_zh) as label_zh
        from scorecard.customer_scorecard_nodes
        where as_of_date = $newest and depth = 1
        group by profile, node_id
        """,
        {"newest": values["newest"]},
    )
    return {
        "measures": _lists(con, "search_measures", "profile measure label label_zh unit dimension"),
        "nodes": _lists(con, "search_nodes", "profile node_id label label_zh"),
        "missing": _missing(con),
    }


def _missing(con: DuckDBPyConnection) -> list[list[Any]]:
    """Measures that the whole company's data cannot say, with what they would need."""
    if not _has(con, "profile_requirements"):
        return []
    # A version of an older release has the names in English alone.
    chinese = "label_zh" if "label_zh" in _columns(con, "profile_requirements") else "null"
    rows = read_rows(
        con,
        f"""
        select
            profile,
            coalesce(label, measure) as label,
            coalesce({chinese}, label, measure) as label_zh,
            weight,
            coalesce(needs, '') as needs
        from scorecard.profile_requirements
        where not is_available
        order by profile, weight desc, measure
        """,
    )
    return [
        [row["profile"], row["label"], float(row["weight"]), row["needs"], row["label_zh"]]
        for row in rows
    ]


def _lists(con: DuckDBPyConnection, table: str, names: str) -> list[list[Any]]:
    columns = names.split()
    rows = read_rows(con, f"select {', '.join(columns)} from {table} order by place")
    return [[row[name] for name in columns] for row in rows]


def _listed_columns(con: DuckDBPyConnection, values: dict[str, Any]) -> dict[str, str]:
    """What is searched and listed, each column as JSON in the order of the customers."""
    (who,) = read_rows(
        con,
        """
        select
            to_json(list(customer_id order by place)) as id,
            to_json(list(crm_id order by place)) as crm,
            to_json(list(organisation order by place)) as organisation
        from search_customers
        """,
    )
    found = dict(who)
    parts: dict[str, list[str]] = {"score": [], "band": [], "change": [], "tier": []}
    change = "score_change" if _has_column(con, "score_change") else "null"
    for profile in values["profiles"]:
        row = con.execute(
            f"""
            select
                to_json(list(cast(round(cards.score * 10) as integer) order by place)) as score,
                to_json(list(
                    case cards.band when 'red' then 0 when 'amber' then 1 when 'green' then 2
                    else 3 end order by place
                )) as band,
                to_json(list(cast(round(cards.{change} * 10) as integer) order by place))
                    as change,
                to_json(list(coalesce(cards.tier, '') order by place)) as tier
            from search_customers as who
            left join scorecard.customer_scorecard as cards
                on
                    who.customer_id = cards.customer_id
                    and cards.as_of_date = $newest
                    and cards.profile = $profile
            """.replace("cards.null", "null"),
            {"newest": values["newest"], "profile": profile},
        ).fetchone()
        for listed, column in zip(parts.values(), row or (), strict=True):
            listed.append(str(column))
    # The tier is the customer's and the same in every profile.
    found["tier"] = parts.pop("tier")[0]
    return {**found, **{name: f"[{','.join(listed)}]" for name, listed in parts.items()}}


def _shards(
    con: DuckDBPyConnection, values: dict[str, Any], first: int
) -> Sequence[tuple[int, str]]:
    """The details of the customers of some shards, each as JSON.

    A customer is a list of profiles: `[profile, card, history, measures, nodes, changes]`.
    """
    columns = _columns(con, "customer_scorecard")
    card = ", ".join(_card_value(name, columns) for name in _CARD)
    measured = _columns(con, "customer_scorecard_measures")
    evidence = "round(measures.evidence, 3)" if "evidence" in measured else "null"
    age = "measures.age_days" if "age_days" in measured else "null"
    changed = _columns(con, "customer_scorecard_changes")
    parts = ", ".join(
        f"round(changes.{name}, 3)" if name in changed else "null"
        for name in (
            "total_change",
            "value_change",
            "scale_change",
            "configuration_change",
            "coverage_change",
        )
    )
    query = f"""
        with who as (
            select place, customer_id from search_customers
            where place >= $first * {SHARD} and place < ($first + {_SHARDS_AT_ONCE}) * {SHARD}
        ),

        cards as (
            select who.place, cards.profile, json_array({card}) as card
            from who
            inner join scorecard.customer_scorecard as cards
                on who.customer_id = cards.customer_id and cards.as_of_date = $newest
        ),

        histories as (
            select
                who.place,
                cards.profile,
                list(
                    [
                        list_position($months, cards.as_of_date) - 1,
                        cast(round(cards.score * 10) as integer)
                    ] order by cards.as_of_date
                ) as history
            from who
            inner join scorecard.customer_scorecard as cards
                on who.customer_id = cards.customer_id
            where cards.as_of_date >= $first_month and cards.score is not null
            group by all
        ),

        measures as (
            select
                who.place,
                measures.profile,
                list(
                    json_array(
                        named.place, round(measures.raw_value, 4), round(measures.score, 2),
                        round(measures.weight, 4), round(measures.effective_weight, 4),
                        round(measures.contribution, 3), {evidence}, {age},
                        measures.source_row_count
                    ) order by measures.contribution desc nulls last, named.place
                ) as measures
            from who
            inner join scorecard.customer_scorecard_measures as measures
                on who.customer_id = measures.customer_id and measures.as_of_date = $newest
            inner join search_measures as named
                on measures.profile = named.profile and measures.measure = named.measure
            group by all
        ),

        nodes as (
            select
                who.place,
                nodes.profile,
                list(
                    json_array(named.place, round(nodes.score, 1), round(nodes.coverage, 3))
                    order by named.place
                ) as nodes
            from who
            inner join scorecard.customer_scorecard_nodes as nodes
                on who.customer_id = nodes.customer_id and nodes.as_of_date = $newest
            inner join search_nodes as named
                on nodes.profile = named.profile and nodes.node_id = named.node_id
            where nodes.depth = 1
            group by all
        ),

        changes as (
            select
                who.place,
                changes.profile,
                list(
                    json_array(named.place, {parts})
                    order by abs(changes.total_change) desc, named.place
                ) as changes
            from who
            inner join scorecard.customer_scorecard_changes as changes
                on who.customer_id = changes.customer_id and changes.as_of_date = $newest
            inner join search_measures as named
                on changes.profile = named.profile and changes.cause = named.measure
            where changes.cause_kind = 'measure' and abs(changes.total_change) >= 0.0005
            group by all
        ),

        customers as (
            select
                cards.place,
                list(
                    json_array(
                        list_position($profiles, cards.profile) - 1, cards.card,
                        coalesce(histories.history, []), coalesce(measures.measures, []),
                        coalesce(nodes.nodes, []), coalesce(changes.changes, [])
                    ) order by list_position($profiles, cards.profile)
                ) as profiles
            from cards
            left join histories using (place, profile)
            left join measures using (place, profile)
            left join nodes using (place, profile)
            left join changes using (place, profile)
            group by cards.place
        )

        select place // {SHARD} as shard, to_json(list(profiles order by place)) as rows
        from customers
        group by all
        order by shard
    """
    rows = con.execute(
        query,
        {
            "first": first,
            "newest": values["newest"],
            "first_month": values["first"],
            "months": values["months"],
            "profiles": values["profiles"],
        },
    ).fetchall()
    return [(int(shard), str(text)) for shard, text in rows]


def _card_value(name: str, columns: set[str]) -> str:
    if name not in columns:
        return "null"
    if name in _ROUNDED:
        return f"round(cards.{name}, 3)"
    return f"cards.{name}"


def _columns(con: DuckDBPyConnection, mart: str) -> set[str]:
    return {str(row["column_name"]) for row in read_rows(con, f"describe scorecard.{mart}")}


def _has_column(con: DuckDBPyConnection, name: str) -> bool:
    return name in _columns(con, "customer_scorecard")


def _has(con: DuckDBPyConnection, mart: str) -> bool:
    rows: list[Row] = read_rows(
        con,
        "select 1 as there from duckdb_tables() where schema_name = 'scorecard' and table_name = ?",
        [mart],
    )
    return bool(rows)
