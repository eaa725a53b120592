"""Every way in which staging changes a value is known: it is in the cleaning log, or said why not.

A column that staging newly reads otherwise than the source wrote it fails here until it is put into
`int_corrections` or on one of the lists below.
"""

import re

from tests.conftest import ROOT

COMMENTS = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
CHANGED = re.compile(r"^ +(\w+\(.*source\..*\)) as (\w+),?$", re.MULTILINE)
# Takes off blanks around a text and changes no meaning.
TIDY = re.compile(r"trim\(source\.\w+\)")
# E-mails are personal, and no release may say what they were; matching ignores their case anyway.
PERSONAL = {"email"}
# Computed of two columns that stand beside it as they came.
COMPUTED = {"stg_billing__credit_notes.amount", "stg_billing__invoice_lines.amount"}
# Capitals for the codes of reference data and plans, where no amount hangs on the spelling of one
# document; the names of agencies and grades of reports; a metric that is not named is all of them.
NOT_LOGGED = {
    "stg_billing__exchange_rates.currency_code",
    "stg_billing__products.product_id",
    "stg_billing__returns.product_id",
    "stg_billing__shipments.product_id",
    "stg_billing__subscription_changes.currency_code",
    "stg_billing__subscription_changes.product_id",
    "stg_billing__subscriptions.product_id",
    "stg_billing__unit_costs.currency_code",
    "stg_billing__unit_costs.product_id",
    "stg_crm__opportunities.currency_code",
    "stg_crm__product_launches.product_id",
    "stg_marketing__campaign_costs.currency_code",
    "stg_marketing__channel_spend.currency_code",
    "stg_organisation__anchor_projects.metric",
    "stg_organisation__cost_entries.currency_code",
    "stg_organisation__credit_checks.agency",
    "stg_organisation__credit_checks.agency_grade",
}


def _logged() -> set[str]:
    """Staged columns whose spelling `int_corrections` compares with what was sent."""
    sql = (ROOT / "models/core/quality/int_corrections.sql").read_text(encoding="utf-8")
    return {
        f"{model}.{'currency_code' if column == 'currency' else column}"
        for column, model in re.findall(r"\('\w+', '(\w+)', ref\('(\w+)'\)", sql)
    }


def test_each_change_of_a_value_in_staging_is_logged_or_said_not_to_be() -> None:
    changed = set()
    for path in sorted((ROOT / "models" / "staging").glob("*/stg_*.sql")):
        if path.parent.name in ("control", "ml"):
            continue
        for expression, column in CHANGED.findall(COMMENTS.sub("", path.read_text("utf-8"))):
            if not TIDY.fullmatch(expression) and column not in PERSONAL:
                changed.add(f"{path.stem}.{column}")
    assert _logged() <= changed
    assert changed - _logged() == NOT_LOGGED | COMPUTED
