"""Which products the release takes: every way in which evidence can fail to hold."""

from dataclasses import replace

import pytest

from data_quality.evidence import GateEvidence, RuleResult
from data_quality.fingerprint import Fingerprint
from data_quality.products import Product
from orchestration.errors import ReleaseError
from orchestration.release.decisions import decide_products

RUN = "run1"
ROWS = Fingerprint(10, "aa-bb")
PRODUCTS = {
    "base": Product("base", "Base", "owner", ("base_mart",), ()),
    "top": Product("top", "Top", "owner", ("top_mart",), ("base",)),
    "apart": Product("apart", "Apart", "owner", ("apart_mart",), ()),
}
FOUND: dict[str, Fingerprint | str] = {
    "base_mart": ROWS,
    "top_mart": ROWS,
    "apart_mart": ROWS,
}


def passed_rule() -> RuleResult:
    return RuleResult(
        rule_id="mart.has_rows",
        characteristic="completeness",
        severity="block",
        mart="mart",
        column="",
        description="has rows",
        rows_checked=10,
        rows_failed=0,
        observed="10",
        is_passed=True,
        owner="owner",
        reason="reason",
    )


def evidence(product: str) -> GateEvidence:
    mart = f"{product}_mart"
    return GateEvidence(product, product, RUN, "pass", "", {mart: ROWS}, (passed_rule(),))


ALL = [evidence(name) for name in PRODUCTS]


def decide(given: list[GateEvidence], found: dict[str, Fingerprint | str] | None = None):
    return decide_products(PRODUCTS, given, run_id=RUN, found=found or FOUND)


def test_every_product_with_fitting_evidence_passes() -> None:
    assert all(decision.is_pass for decision in decide(ALL).values())


def test_missing_evidence_holds_the_product() -> None:
    decisions = decide([evidence("base"), evidence("top")])

    assert not decisions["apart"].is_pass
    assert "no gate judged it" in decisions["apart"].reason
    assert decisions["base"].is_pass


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"decision": "hold", "reason": "12 rows are wrong"}, "12 rows are wrong"),
        ({"run_id": "yesterday"}, "evidence is of run yesterday"),
        ({"results": ()}, "holds no rule"),
        (
            {"results": (replace(passed_rule(), is_passed=False),)},
            "blocking rule mart.has_rows failed",
        ),
        ({"fingerprints": {}}, "no fingerprint of scorecard.apart_mart"),
        ({"fingerprints": {"apart_mart": Fingerprint(9, "aa-bb")}}, "for other rows"),
        ({"fingerprints": {"apart_mart": Fingerprint(10, "cc-bb")}}, "for other rows"),
    ],
)
def test_evidence_that_does_not_hold_holds_the_product(
    changes: dict[str, object], reason: str
) -> None:
    given = [replace(item, **changes) if item.product == "apart" else item for item in ALL]

    decisions = decide(given)

    assert not decisions["apart"].is_pass
    assert reason in decisions["apart"].reason
    assert decisions["base"].is_pass


def test_a_warning_does_not_hold() -> None:
    warned = replace(passed_rule(), severity="warn", is_passed=False)
    given = [replace(item, results=(passed_rule(), warned)) for item in ALL]

    assert all(decision.is_pass for decision in decide(given).values())


def test_two_pieces_of_evidence_for_one_product_hold_it() -> None:
    assert "2 pieces of evidence" in decide([*ALL, evidence("apart")])["apart"].reason


def test_a_mart_that_is_not_in_the_warehouse_holds_its_product() -> None:
    decisions = decide(ALL, {**FOUND, "apart_mart": "Table scorecard.apart_mart does not exist"})

    assert "does not exist" in decisions["apart"].reason


def test_a_product_is_held_with_what_it_is_computed_from() -> None:
    decisions = decide([evidence("top"), evidence("apart")])

    assert not decisions["top"].is_pass
    assert "held with base" in decisions["top"].reason
    assert decisions["apart"].is_pass


def test_a_held_product_does_not_hold_what_it_is_computed_from() -> None:
    assert decide([evidence("base"), evidence("apart")])["base"].is_pass


def test_a_source_gate_that_holds_holds_everything() -> None:
    source = GateEvidence("source", "source", RUN, "hold", "half the lines are gone", {}, ())

    decisions = decide([*ALL, source])

    assert {decision.is_pass for decision in decisions.values()} == {False}
    assert "half the lines are gone" in decisions["top"].reason


def test_products_computed_from_each_other_are_refused() -> None:
    circle = {
        "base": replace(PRODUCTS["base"], computed_from=("top",)),
        "top": PRODUCTS["top"],
    }

    with pytest.raises(ReleaseError, match="computed from itself"):
        decide_products(circle, ALL, run_id=RUN, found=FOUND)
