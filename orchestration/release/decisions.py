"""Which data products may enter a release: the judgement over the gates' evidence.

Belongs here: comparing evidence with the rows that stand in the warehouse now, and carrying a hold
to what is computed from a held product. Not here: the gates themselves (`data_quality`), copying
(`marts`), what happens to a held product (`build`).

The release trusts no run order: evidence counts only for the rows it judged, recomputed here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from data_quality.evidence import GateEvidence
from data_quality.fingerprint import Fingerprint, FingerprintError, mart_fingerprint
from data_quality.products import SOURCE, Product
from orchestration.errors import ReleaseError

MARTS_SCHEMA = "scorecard"


@dataclass(frozen=True)
class Decision:
    """What becomes of one product in this release.

    Attributes:
        product: Name of the product.
        is_pass: Whether its rows of now may be published.
        reason: Why not; empty when they may.
        evidence: The evidence that was looked at, if there was exactly one.
    """

    product: str
    is_pass: bool
    reason: str
    evidence: GateEvidence | None


def decide_products(
    products: Mapping[str, Product],
    evidence: Sequence[GateEvidence],
    *,
    run_id: str,
    found: Mapping[str, Fingerprint | str],
    objections: Mapping[str, str] | None = None,
) -> dict[str, Decision]:
    """Judge every product by its evidence and by what it is computed from.

    Args:
        products: The products by name.
        evidence: What the gates of this run said. A source gate that holds, holds every product.
        run_id: The run whose evidence counts.
        found: Mart name to the fingerprint of its rows in the warehouse now, or to the reason why
            there is none.
        objections: Mart name to what speaks against publishing it, beside its rows.

    Returns:
        One decision per product, in the order of `products`.

    Raises:
        ReleaseError: A product is computed from an unknown product, or from itself.
    """
    held_by_source = _source_objection(evidence)
    own = {
        name: (
            Decision(name, False, held_by_source, None)
            if held_by_source
            else _judge(product, evidence, run_id=run_id, found=found)
        )
        for name, product in products.items()
    }
    for name, product in products.items():
        against = "; ".join((objections or {}).get(mart, "") for mart in product.marts).strip("; ")
        if against and own[name].is_pass:
            own[name] = Decision(name, False, against, own[name].evidence)
    return {name: _with_upstream(name, products, own, ()) for name in products}


def current_fingerprints(
    con: duckdb.DuckDBPyConnection, products: Mapping[str, Product]
) -> dict[str, Fingerprint | str]:
    """Fingerprint every mart of every product as it stands now.

    Args:
        con: A connection to the warehouse, with nothing else attached.
        products: The products by name.

    Returns:
        Mart name to fingerprint, or to the reason why the mart has none (it is missing, or has a
        column that cannot be compared).
    """
    found: dict[str, Fingerprint | str] = {}
    for product in products.values():
        for mart in product.marts:
            try:
                found[mart] = mart_fingerprint(con, MARTS_SCHEMA, mart)
            except FingerprintError as error:
                found[mart] = str(error)
    return found


def _source_objection(evidence: Sequence[GateEvidence]) -> str:
    held = [item for item in evidence if item.product == SOURCE and item.decision != "pass"]
    return f"held with its sources ({held[0].reason})" if held else ""


def _judge(
    product: Product,
    evidence: Sequence[GateEvidence],
    *,
    run_id: str,
    found: Mapping[str, Fingerprint | str],
) -> Decision:
    own = [item for item in evidence if item.product == product.name]
    if len(own) != 1:
        what = "no gate judged it" if not own else f"{len(own)} pieces of evidence contradict"
        return Decision(product.name, False, f"{what} in run {run_id}", None)
    reason = _objection(product, own[0], run_id=run_id, found=found)
    return Decision(product.name, not reason, reason, own[0])


def _objection(
    product: Product,
    evidence: GateEvidence,
    *,
    run_id: str,
    found: Mapping[str, Fingerprint | str],
) -> str:
    if evidence.run_id != run_id:
        return f"its evidence is of run {evidence.run_id}, this is run {run_id}"
    if evidence.decision != "pass":
        return evidence.reason or "its gate held it and gave no reason"
    if not evidence.results:
        return "its evidence holds no rule, so nothing was judged"
    failed = [
        result for result in evidence.results if result.severity == "block" and not result.is_passed
    ]
    if failed:
        return f"its evidence says pass, but the blocking rule {failed[0].rule_id} failed"
    for mart in product.marts:
        now, judged = found[mart], evidence.fingerprints.get(mart)
        if isinstance(now, str):
            return now
        if judged is None:
            return f"its evidence has no fingerprint of {MARTS_SCHEMA}.{mart}"
        if judged != now:
            return (
                f"its evidence is for other rows of {MARTS_SCHEMA}.{mart}: judged "
                f"{judged.rows} rows with checksum {judged.checksum}, found {now.rows} rows with "
                f"checksum {now.checksum}. Run the gate again"
            )
    return ""


def _with_upstream(
    name: str,
    products: Mapping[str, Product],
    own: Mapping[str, Decision],
    path: tuple[str, ...],
) -> Decision:
    if name in path or name not in products:
        what = "computed from itself" if name in path else "unknown"
        msg = f"product {name!r} is {what}: {' <- '.join((*path, name))}. Mend the product list"
        raise ReleaseError(msg)
    decision = own[name]
    if not decision.is_pass:
        return decision
    for upstream in products[name].computed_from:
        before = _with_upstream(upstream, products, own, (*path, name))
        if not before.is_pass:
            reason = f"held with {upstream}, which it is computed from ({before.reason})"
            return Decision(name, False, reason, decision.evidence)
    return decision
