"""What the YAML of a model says of its columns is what the warehouse has."""

import yaml

from orchestration.catalogue_terms import LOADER
from orchestration.settings import Settings
from orchestration.warehouse import connect
from tests.conftest import ROOT

# One group of columns per measure that a profile names.
GENERATED = {"scr_measures", "scr_portfolio_measures"}


def _described() -> dict[str, tuple[str, set[str]]]:
    """File and columns of each model that a YAML describes."""
    return {
        model["name"]: (str(file.relative_to(ROOT)), {each["name"] for each in model["columns"]})
        for file in sorted((ROOT / "models").rglob("_*__models.yml"))
        for model in yaml.load(file.read_text(encoding="utf-8"), LOADER)["models"]  # noqa: S506
    }


def test_every_column_of_every_model_is_described_and_no_other(simulated_run):
    described = _described()
    with connect(
        Settings.from_environment({}, root=ROOT, home=simulated_run), read_only=True
    ) as con:
        built = dict(
            con.execute(
                "select table_name, list(column_name) from information_schema.columns "
                "where table_schema in "
                "('staging', 'core', 'indicators', 'features', 'scores', 'scorecard') "
                "group by all"
            ).fetchall()
        )
    faults = [
        f"{file}: {model}: describe {column}"
        for model, (file, columns) in described.items()
        for column in sorted(set(built[model]) - columns)
        # Generated from the seeds; what they are stands in the model's description.
        if not (model in GENERATED and "__" in column)
    ]
    faults += [
        f"{file}: {model}: has no column {column}; add it to the SQL or take its description out"
        for model, (file, columns) in described.items()
        for column in sorted(columns - set(built[model]))
    ]
    assert not faults, "\n".join(faults)
    assert len(described) > 200
