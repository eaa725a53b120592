"""The model cards of a release: one for every estimator that a published number comes from.

Belongs here: putting a card together from the release's marts, the registry and the log of
decisions; writing it as JSON and as a page; saying which estimators have none. Not here: the words
of each kind (`card_words`), charts (`card_charts`).

A card is made of what stands in the release and of what the registry proves by its hashes. It
holds no moment but those of a person's decisions, and no name, so that the same release has the
same cards. Of a product that was held, the cards of the release before stay.
"""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from ml.approvals import Approval, approval_of, read_approvals
from ml.errors import EstimatorError
from orchestration.access import PRIVATE_FOLDER
from orchestration.release.card_words import (
    AMOUNT_METRICS,
    AMOUNT_PARTS,
    CLV_FEATURES,
    GROUP_METRICS,
    KINDS,
    LONG_BASES,
    LONG_METRICS,
    LONG_PARTS,
    METRICS,
    OWNER,
)
from orchestration.release.manifest import Manifest
from orchestration.release.reading import Row, open_database, read_rows
from orchestration.release.store import DATABASE_NAME
from orchestration.settings import Settings

CARDS_FOLDER = "cards"
INDEX_NAME = "index.html"
ESTIMATORS_MART = "estimators"
DRIFT_MART = "estimator_drift"
_FORMAT = 1
_NUMBERED = re.compile(r"^(?P<table>.+)_(?P<bin>\d\d)_(?P<side>predicted|observed)$")
_GAINS = re.compile(r"^gains_(?P<percent>\d+)$")
_WILSON = 1.959963984540054
# Tables of a card that a release may have: mart, and the order of its rows.
_EXTRA = {"surrogate": ("estimator_surrogates", "node")}


def missing_cards(settings: Settings, con: duckdb.DuckDBPyConnection) -> str:
    """Say which estimators of the warehouse cannot have a card, and why; empty where all can.

    An estimator has a card if the registry holds it under the hash that the mart names, and the
    log of decisions says who let it speak.

    Args:
        settings: The home.
        con: A connection to the warehouse.
    """
    there = con.execute(
        "select count(*) from duckdb_tables() where schema_name = 'scorecard' "
        f"and table_name = '{ESTIMATORS_MART}'"
    ).fetchone()
    if not there or not there[0]:
        return ""
    described = con.execute(
        "select estimator_version, content_hash from scorecard.estimators order by all"
    ).fetchall()
    try:
        read_approvals(settings.estimators)
    except EstimatorError as error:
        return f"there are no model cards: {error}"
    found = [_objection(settings, str(version), content) for version, content in described]
    return "; ".join(text for text in found if text)


def _objection(settings: Settings, version: str, content_hash: str | None) -> str:
    from ml.registry import read_card

    try:
        stored = read_card(settings.estimators / version)
    except EstimatorError as error:
        return f"{version} has no model card: {str(error).rstrip('.')}"
    if stored["content_hash"] != content_hash:
        return f"{version} has no model card: the registry holds another content under its name"
    if stored["kind"] not in KINDS:
        return f"{version} has no model card: nobody wrote what a {stored['kind']} is for"
    return ""


def write_cards(
    settings: Settings, release_dir: Path, manifest: Manifest, *, previous: Path | None
) -> list[str]:
    """Write the cards of a release that is being built.

    Args:
        settings: The home, with its registry.
        release_dir: The release, with its database.
        manifest: Its manifest, as far as it is known.
        previous: The release before, whose cards stay where the product was held.

    Returns:
        The versions that have a card.
    """
    entry = manifest.marts.get(ESTIMATORS_MART)
    if entry is None:
        return []
    folder = release_dir / CARDS_FOLDER
    if manifest.products[entry.product].stale:
        if previous is not None and (previous / CARDS_FOLDER).is_dir():
            shutil.copytree(previous / CARDS_FOLDER, folder)
            folder.chmod(PRIVATE_FOLDER)
        return sorted(path.stem for path in folder.glob("*.json"))
    with open_database(release_dir / DATABASE_NAME) as con:
        cards = [
            read_model_card(settings, con, manifest, str(row["estimator_version"]))
            for row in read_rows(
                con,
                "select estimator_version from scorecard.estimators "
                "order by estimator, role, labels_to desc, estimator_version",
            )
        ]
    folder.mkdir()
    for card in cards:
        path = folder / f"{card['version']}.json"
        text = json.dumps(card, indent=2, ensure_ascii=False, default=str)
        path.write_text(f"{text}\n", encoding="utf-8")
        path.with_suffix(".html").write_text(render_card(card, manifest), encoding="utf-8")
    (folder / INDEX_NAME).write_text(render_index(cards, manifest), encoding="utf-8")
    return [card["version"] for card in cards]


def read_model_card(
    settings: Settings, con: duckdb.DuckDBPyConnection, manifest: Manifest, version: str
) -> dict[str, Any]:
    """Put one card together, as plain values.

    Args:
        settings: The home, with its registry.
        con: The release's database.
        manifest: The release's manifest.
        version: The estimator.

    Raises:
        RegistryError: The stored card, or the log of decisions, was changed.
    """
    from ml.registry import read_card

    about = read_rows(
        con, "select * from scorecard.estimators where estimator_version = ?", [version]
    )[0]
    stored = read_card(settings.estimators / version)
    log = read_approvals(settings.estimators)
    words = KINDS[about["estimator"]]
    graded = (stored.get("evidence") or {}).get("estimators", [{}])[0]
    metrics = _lines(con, "estimator_metrics", version, "candidate, slice, metric, as_of_date")
    own = [row for row in metrics if row["candidate"] == about["candidate"]]
    # Lifetime value: buyers and contracts, each by the part that was taken.
    together = [row for row in metrics if row["candidate"] == "taken"]
    extra = {
        name: _lines(con, mart, version, order)
        for name, (mart, order) in _EXTRA.items()
        if mart in manifest.marts
    }
    return {
        "format": _FORMAT,
        "kind": about["estimator"],
        "version": version,
        "owner": OWNER,
        **asdict(words),
        "status": about["status"],
        "reason": about["reason"] or "",
        "grade": graded.get("grade"),
        "grade_reason": graded.get("grade_reason") or "",
        "role": about["role"],
        "candidate": about["candidate"],
        "trained_from": _text(about["trained_from"]),
        "trained_to": _text(about["trained_to"]),
        "labels_to": _text(about["labels_to"]),
        "row_count": about["row_count"],
        "customer_count": about["customer_count"],
        "positive_count": about["positive_count"],
        "features": describe_features(about["estimator"], stored["features"]),
        "checks": _lines(con, "estimator_checks", version, "is_passed, check_name"),
        "metrics": [_plain(row) for row in metrics],
        "calibration": _bins(own, "reliability"),
        "gains": _gains(own),
        "tenths": _bins(together, "value_decile", part="all_customers")
        or _bins(own, "amount_decile")
        or _bins(_with_amount(metrics, about["candidate"]), "upsell_decile"),
        "groups": _groups(own),
        "drift": _drift(con, manifest, version),
        **extra,
        "approval": _approval(approval_of(log, version), about),
        "decisions": [
            _decision(entry)
            for entry in log
            if version in (entry.champion, entry.challenger, entry.former)
        ],
        "config": stored["config"],
        "code_version": stored["code_version"],
        "libraries": stored["libraries"],
        "content_hash": stored["content_hash"],
    }


def _with_amount(metrics: Sequence[Row], candidate: str) -> list[Row]:
    """Rows of the chosen chance times an amount: the candidate is named after both."""
    return [row for row in metrics if str(row["candidate"]).startswith(f"{candidate}_")]


def _lines(con: duckdb.DuckDBPyConnection, mart: str, version: str, order: str) -> list[Row]:
    return read_rows(
        con,
        f"select * from scorecard.{mart} where estimator_version = ? order by {order}",
        [version],
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _plain(row: Row) -> dict[str, Any]:
    hidden = ("estimator", "estimator_version")
    plain = {key: value for key, value in row.items() if key not in hidden and value is not None}
    return plain | ({"as_of_date": str(plain["as_of_date"])} if "as_of_date" in plain else {})


def describe_features(kind: str, names: Sequence[str]) -> list[dict[str, str]]:
    """What an estimator looks at: family, system, meaning, and when a fact counts as known."""
    from ml.churn.features import FEATURE_DEFINITIONS as CHURN
    from ml.credit.features import FEATURE_DEFINITIONS as CREDIT
    from ml.upsell.features import FEATURE_DEFINITIONS as UPSELL

    told: dict[str, dict[str, str]] = {
        feature.name: {
            "family": feature.family,
            "system": feature.system,
            "description": feature.description,
            "known_at": feature.known_at,
        }
        for feature in (*UPSELL, *CHURN)
    }
    if kind == "clv":
        told |= {name: dict(about) for name, about in CLV_FEATURES.items()}
    if kind == "credit":
        told |= {feature.name: {"description": feature.description} for feature in CREDIT}
    empty = {"family": "", "system": "", "description": "", "known_at": ""}
    return [{"name": name, **empty, **told.get(name, {})} for name in names]


def _bins(rows: Sequence[Row], table: str, *, part: str = "test") -> list[dict[str, Any]]:
    """The two sides of a table of bins on one slice, with the interval of what was seen."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        match = _NUMBERED.match(row["metric"])
        if match and match["table"] == table and row["slice"] == part:
            entry = found.setdefault(match["bin"], {"bin": int(match["bin"]), "n": row["n"]})
            entry[match["side"]] = row["value"]
    whole = [entry for _, entry in sorted(found.items()) if {"predicted", "observed"} <= set(entry)]
    if table == "reliability":
        return [{**entry, **_wilson(entry["observed"], entry["n"])} for entry in whole]
    return whole


def _wilson(rate: float, n: int) -> dict[str, float]:
    """95 % interval of a share of `n` rows (Wilson)."""
    square = _WILSON**2
    middle = (rate + square / (2 * n)) / (1 + square / n)
    reach = _WILSON / (1 + square / n) * (rate * (1 - rate) / n + square / (4 * n * n)) ** 0.5
    return {"low": round(max(middle - reach, 0.0), 6), "high": round(min(middle + reach, 1.0), 6)}


def _gains(rows: Sequence[Row]) -> list[dict[str, Any]]:
    points = []
    for row in rows:
        match = _GAINS.match(row["metric"])
        if match and row["slice"] == "test" and row["value"] is not None:
            points.append(
                {
                    "share": int(match["percent"]) / 100,
                    "found": row["value"],
                    "low": row["value_low"],
                    "high": row["value_high"],
                }
            )
    return sorted(points, key=lambda point: point["share"])


def _groups(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Measures by group of customers: one line per slice that is named `kind=group`.

    Other parts of the slice (kinds of labels, say) have no number of customers, and are none.
    """
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        kind, divider, group = row["slice"].partition("=")
        if divider and row["metric"] in GROUP_METRICS:
            line = found.setdefault(row["slice"], {"kind": kind, "group": group})
            line[row["metric"]] = row["value"]
            if row["metric"] == "calibration_gap":
                line["calibration_gap_low"] = row["value_low"]
                line["calibration_gap_high"] = row["value_high"]
    return [line for _, line in sorted(found.items()) if "customers" in line]


def _drift(con: duckdb.DuckDBPyConnection, manifest: Manifest, version: str) -> list[Row]:
    """What moved since the training, in the newest month that says so; the most moved first."""
    if DRIFT_MART not in manifest.marts:
        return []
    rows = read_rows(
        con,
        """
        select as_of_date, subject_kind, subject, case_count, stability_index, drift_level
        from scorecard.estimator_drift
        where estimator_version = ?
            and as_of_date = (
                select max(as_of_date) from scorecard.estimator_drift where estimator_version = ?
            )
        order by stability_index desc nulls last, subject_kind, subject
        """,
        [version, version],
    )
    return [_plain(row) for row in rows]


def _approval(entry: Approval | None, about: Row) -> dict[str, Any]:
    if entry is not None:
        return _decision(entry)
    return {
        "by": about["approved_by"],
        "action": "chosen",
        "as_of_date": _text(about["approved_as_of"]),
        "reason": about["approval_reason"],
    }


def _decision(entry: Approval) -> dict[str, Any]:
    """A line of the log without the name of whoever decided: that stays in the home."""
    return {
        "by": entry.by,
        "action": entry.action,
        "as_of_date": entry.as_of_date.isoformat(),
        "champion": entry.champion,
        "challenger": entry.challenger,
        "former": entry.former,
        "reason": entry.reason,
        "decided_at": entry.decided_at,
        "evidence": dict(entry.evidence),
        "line_hash": entry.line_hash,
    }


def render_card(card: Mapping[str, Any], manifest: Manifest) -> str:
    """One card as a page that fetches nothing."""
    from orchestration.release.report import CANDIDATES

    return _page(
        "card.html.j2",
        card=card,
        manifest=manifest,
        notice=manifest.notice,
        charts=_charts(card),
        measures=_measures(card),
        amounts=_amounts(card),
        long=_three_years(card),
        reviews=_reviews(card),
        candidates=CANDIDATES,
        surrogate=_surrogate(card),
        surrogate_words=_surrogate_words(card),
        metric_names=METRICS,
        group_names=GROUP_METRICS,
        flags=[line for line in card["groups"] if _is_flagged(line)],
        failed=[check for check in card["checks"] if not check["is_passed"]],
    )


def render_index(cards: Sequence[Mapping[str, Any]], manifest: Manifest) -> str:
    """The list of the cards as a page."""
    return _page("cards.html.j2", cards=cards, manifest=manifest, notice=manifest.notice)


def _page(template: str, **values: Any) -> str:
    return str(_environment().get_template(template).render(**values))


def _environment() -> Any:
    # Imported where it is used: the report imports this module for the name of its folder.
    from orchestration.release.report import page_environment

    return page_environment(None)


def _charts(card: Mapping[str, Any]) -> dict[str, Markup]:
    # Imported where it is used: altair and vl-convert take about 2 s.
    from orchestration.release import card_charts

    drawn: dict[str, str] = {}
    if card["calibration"]:
        drawn["calibration"] = card_charts.calibration(card["calibration"])
    if card["gains"]:
        drawn["gains"] = card_charts.gains(card["gains"])
    if card["tenths"]:
        drawn["tenths"] = card_charts.tenths(card["tenths"])
    return {name: Markup(svg) for name, svg in drawn.items()}  # noqa: S704 - made here, of figures


def _measures(card: Mapping[str, Any]) -> dict[str, Any]:
    """Measures as rows and candidates as columns, those of the test slice."""
    rows = [row for row in card["metrics"] if row["slice"] == "test" and row["metric"] in METRICS]
    own = card["candidate"]
    candidates = sorted(dict.fromkeys(row["candidate"] for row in rows), key=lambda c: c != own)
    values = {(row["metric"], row["candidate"]): row for row in rows}
    return {
        "candidates": candidates,
        "names": [name for name in METRICS if any((name, c) in values for c in candidates)],
        "values": values,
    }


def _three_years(card: Mapping[str, Any]) -> dict[str, Any]:
    """Lifetime value of 36 months: measures by part, and what the intervals rest on."""
    found = {(row["metric"], row["slice"]): row for row in card["metrics"]}
    parts = [part for part in LONG_PARTS if (LONG_METRICS[0], part) in found]
    return {
        "day": found[LONG_METRICS[0], parts[0]]["as_of_date"] if parts else None,
        "parts": [LONG_PARTS[part] for part in parts],
        "lines": [
            {"name": METRICS[metric], "cells": [found.get((metric, part)) for part in parts]}
            for metric in (LONG_METRICS if parts else ())
        ],
        "bases": [
            words[found["interval_36m_is_judged", part]["value"] > 0]
            for part, words in LONG_BASES.items()
            if ("interval_36m_is_judged", part) in found
        ],
    }


def _amounts(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Measures of expected amounts, one line each: by part, ours beside the simple rule."""
    rows = [row for row in card["metrics"] if row["metric"] in AMOUNT_METRICS]
    own = {(row["metric"], row["slice"]): row for row in _with_amount(rows, str(card["candidate"]))}
    rule = {
        (row["metric"], row["slice"]): row
        for row in rows
        if str(row["candidate"]).startswith("base_rate")
    }
    parts = [part for part in AMOUNT_PARTS if any(place == part for _, place in own)]
    return [
        {
            "name": name,
            "cells": [
                {"part": AMOUNT_PARTS[part], "own": own.get((metric, part)), "rule": found}
                for part in parts
                for found in (rule.get((metric, part)),)
            ],
        }
        for metric, name in AMOUNT_METRICS.items()
        if any((metric, part) in own for part in parts)
    ]


def _reviews(card: Mapping[str, Any]) -> dict[str, Any]:
    """What each review found for each number of groups; empty where there was no review."""
    rows = [row for row in card["metrics"] if row["slice"] == "review" and "as_of_date" in row]
    days = sorted({str(row["as_of_date"]) for row in rows})
    values = {
        (str(row["candidate"]), str(row["as_of_date"]), str(row["metric"])): row for row in rows
    }
    counts = sorted({str(row["candidate"]) for row in rows}, key=_group_count)
    return {
        "days": days,
        "lines": [
            {
                "groups": _group_count(candidate),
                "cells": [
                    {
                        metric: values.get((candidate, day, metric))
                        for metric in ("stability", "silhouette")
                    }
                    for day in days
                ],
            }
            for candidate in counts
        ],
    }


def _group_count(candidate: str) -> int:
    """Number of groups of a candidate: `k_means_5` has 5."""
    last = candidate.rsplit("_", 1)[-1]
    return int(last) if last.isdigit() else 0


def _surrogate(card: Mapping[str, Any]) -> Markup:
    """The outline in three questions as a picture; empty where the release has none."""
    if not card.get("surrogate"):
        return Markup("")
    from ml.churn.surrogate import surrogate_svg

    return Markup(surrogate_svg(card["surrogate"]))  # noqa: S704 - it escapes its texts


def _surrogate_words(card: Mapping[str, Any]) -> str:
    """How faithful the outline is, and its questions in words; empty where there is none."""
    from ml.churn.surrogate import surrogate_text

    return surrogate_text(card.get("surrogate") or [])


def _is_flagged(line: Mapping[str, Any]) -> bool:
    """As `ml.fairness` flags: a person looks at it."""
    from ml.fairness import MAX_HIT_GAP, MIN_RATIO

    ratio, gap = line.get("selection_ratio"), line.get("hit_rate_gap")
    low, high = line.get("calibration_gap_low"), line.get("calibration_gap_high")
    return (
        (ratio is not None and ratio < MIN_RATIO)
        or (gap is not None and gap > MAX_HIT_GAP)
        or (low is not None and high is not None and (low > 0 or high < 0))
    )
