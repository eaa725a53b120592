"""The assessment of the organisation: its seeds fit one another and the model that reads them.

What belongs here: what dbt's tests of the seeds cannot see. The formulas, with their golden values,
are dbt unit tests beside the models.
"""

import csv
import re
from decimal import Decimal

from data_quality.products import load_products
from tests.conftest import ROOT

SEEDS = ROOT / "dbt_project" / "seeds"
MODEL = ROOT / "models" / "scorecard" / "cmat" / "cmat_metrics.sql"
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def rows_of(seed: str) -> list[dict[str, str]]:
    with (SEEDS / f"cmat_{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_metric_is_computed_and_read_by_a_rule() -> None:
    """A metric that the model forgets would leave its practices unmeasured for ever."""
    text = MODEL.read_text(encoding="utf-8")
    terms = {row["metric_id"] for row in rows_of("metric_terms")}
    computed = set(re.findall(r"^    \('([a-z_]+)', ref", text, re.MULTILINE))
    computed |= set(re.findall(r"^        '([a-z_]+)' as metric_id", text, re.MULTILINE))
    assert terms == computed
    assert terms == {row["metric_id"] for row in rows_of("rules")}


def test_the_mart_of_a_metric_is_one_that_the_model_reads_and_the_product_waits_for() -> None:
    read = set(re.findall(r"ref\('([a-z_]+)'\)", MODEL.read_text(encoding="utf-8")))
    products = load_products()
    of_mart = {mart: name for name, product in products.items() for mart in product.marts}

    def upstream(name: str) -> set[str]:
        direct = set(products[name].computed_from)
        return direct.union(*(upstream(each) for each in direct))

    for row in rows_of("metric_terms"):
        assert row["mart"] in read, row["metric_id"]
        assert of_mart[row["mart"]] in upstream("cmat"), row["metric_id"]


def test_a_higher_level_never_asks_for_less() -> None:
    steps: dict[tuple[str, str], list[tuple[int, Decimal]]] = {}
    for row in rows_of("rules"):
        sign = 1 if row["operator"] == ">=" else -1
        key = (row["practice_id"], row["metric_id"])
        steps.setdefault(key, []).append((int(row["level"]), sign * Decimal(row["threshold"])))
    for key, ladder in steps.items():
        thresholds = [threshold for _, threshold in sorted(ladder)]
        assert thresholds == sorted(set(thresholds)), key


def test_the_questionnaire_has_eight_sections_and_two_languages() -> None:
    practices = rows_of("questionnaire")
    sections = {row["section_id"] for row in rows_of("section_weights")}
    assert {row["section_id"] for row in practices} == sections
    assert len(sections) == 8
    assert len(practices) == 60
    for row in practices:
        assert row["evidence_asked"], row["practice_id"]
        for column in ("element_zh", "practice_zh", "evidence_asked_zh"):
            assert CHINESE.search(row[column]), (row["practice_id"], column)
    assert len({row["practice"] for row in practices}) == len(practices)
