"""The grade of an estimator of probabilities: A, B, C or F.

Belongs here: the rule of the grade (handbook C25) and its reason in words.
Does not belong here: the gate, which it presupposes (`ml.gate` and the gates of each kind).

F: a check of the gate failed, or nothing could be trained. C: the gate passed, which asks for more
than the best simple rule. B: lift of the top tenth at least min(2, 0.8 / base rate) and calibration
error at most 0.03. A: lift at least min(3, 0.9 / base rate) and an AUC that differs by at most 0.05
over three test slices.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ml.gate import number_text

NOT_GRADED: Final = "Grades are defined for estimators of a probability of churn."

_MAX_ERROR: Final = 0.03
_MAX_SPREAD: Final = 0.05
_ORIGINS: Final = 3


@dataclass(frozen=True)
class Grade:
    """A grade with what keeps it from the next better one.

    Attributes:
        letter: A, B, C or F; None where the kind of estimator has no grades.
        reason: Why not a better one; for A what it rests on.
    """

    letter: str | None
    reason: str


def grade_estimator(
    measures: Mapping[str, float], origin_aucs: Sequence[float], *, refusal: str
) -> Grade:
    """Grade an estimator by its measures on the newest test slice.

    Args:
        measures: `top_decile_lift`, `ece` (less sampling noise) and `base_rate`.
        origin_aucs: AUC on each test slice, the newest first.
        refusal: Why it is not published; empty where it is.
    """
    if refusal:
        return Grade("F", f"Not published: {refusal}.")
    rate, lift, error = (measures[name] for name in ("base_rate", "top_decile_lift", "ece"))
    for_b, for_a = min(2.0, 0.8 / rate), min(3.0, 0.9 / rate)
    if not lift >= for_b:
        return Grade("C", f"B needs a lift of {for_b:.3g}; it is {number_text(lift)}.")
    if not error <= _MAX_ERROR:
        return Grade(
            "C", f"B needs a calibration error of {_MAX_ERROR:g}; it is {number_text(error)}."
        )
    if not lift >= for_a:
        return Grade("B", f"A needs a lift of {for_a:.3g}; it is {number_text(lift)}.")
    if len(origin_aucs) < _ORIGINS:
        return Grade(
            "B", f"A needs {_ORIGINS} test slices; the history allowed {len(origin_aucs)}."
        )
    spread = max(origin_aucs) - min(origin_aucs)
    if not spread <= _MAX_SPREAD:
        return Grade(
            "B",
            f"A needs an AUC that differs by at most {_MAX_SPREAD:g} over the test slices; it "
            f"differs by {number_text(spread)}.",
        )
    return Grade(
        "A",
        f"Lift {number_text(lift)}, calibration error {number_text(error)}, AUC within "
        f"{number_text(spread)} over {len(origin_aucs)} test slices.",
    )
