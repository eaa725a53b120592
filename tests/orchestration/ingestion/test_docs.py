"""The page of the landing contract says what the contracts say."""

from pathlib import Path

from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.docs import PAGE, render_landing_contract

ROOT = Path(__file__).parents[3]


def test_the_page_is_in_step_with_the_contracts():
    rendered = render_landing_contract(load_contracts(ROOT / "models" / "staging"))
    assert (ROOT / PAGE).read_text(encoding="utf-8") == rendered, (
        "docs/landing-contract.md is behind the source YAMLs: "
        "run `python -m orchestration.ingestion.docs`"
    )


def test_every_table_and_column_stands_on_the_page():
    contracts = load_contracts(ROOT / "models" / "staging")
    page = render_landing_contract(contracts)
    for contract in contracts:
        section = page.split(f"### `{contract.title}`")[1].split("\n### ")[0]
        assert contract.description in section
        for column in contract.columns:
            assert f"| `{column.name}` | `{column.data_type}` |" in section
