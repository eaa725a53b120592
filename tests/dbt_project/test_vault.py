"""The identity vault: which models read names, addresses and texts, and that no other does.

Personal and sensitive columns stand in `raw` and `staging`. A model beside the ones listed here
that names one of them, or a new reader of what these hand on, must be put on the list with its
reason, or do without.
"""

import re
from pathlib import Path

import yaml

from orchestration.catalogue_terms import LOADER
from orchestration.erasure.copies import VAULT_TABLES
from orchestration.ingestion.contract import load_contracts
from tests.conftest import ROOT

IDENTITY = "core/identity"
# Model to why it may read personal or sensitive columns, and what of them it hands on.
READERS = {
    "int_identity_evidence": "identity resolution compares normal forms; stays in the core",
    "int_identity_blocks": "identity resolution compares names and addresses; stays in the core",
    "int_customers": "hands on the names of organisations, which are no persons",
    "int_survey_answers": "hands on whether there is a comment, not the comment",
    "int_aml_checks": "restricted columns, for the person who may read them (test_restricted.py)",
}
# Models whose rows hold what they read: erased at once, and read by identity resolution alone.
HOLDERS = {"int_identity_evidence", "int_identity_blocks"}
# The names under which staging shows them are those of the contracts.
COLUMNS = {
    f"stg_{contract.system}__{contract.name}": {
        column.name
        for column in contract.columns
        if column.personal_data in ("personal", "sensitive")
    }
    for contract in load_contracts(ROOT / "models" / "staging")
}
COMMENTS = re.compile(r"\{#.*?#\}|--[^\n]*", re.DOTALL)
REFERENCE = re.compile(r"ref\('(\w+)'\)")


def _models() -> dict[str, tuple[Path, str]]:
    """File and SQL, without comments, of each model outside staging."""
    return {
        path.stem: (path, COMMENTS.sub("", path.read_text(encoding="utf-8")))
        for path in sorted((ROOT / "models").rglob("*.sql"))
        if "staging" not in path.relative_to(ROOT).parts
    }


def _of(model: str) -> set[str]:
    return COLUMNS.get(model, set())


def _described_columns() -> dict[str, set[str]]:
    return {
        model["name"]: {column["name"] for column in model["columns"]}
        for file in sorted((ROOT / "models").rglob("_*__models.yml"))
        for model in yaml.load(file.read_text(encoding="utf-8"), LOADER)["models"]  # noqa: S506
    }


def _named(sql: str) -> set[str]:
    """Personal columns that a model names of the staging models that it reads."""
    return {
        column
        for model in REFERENCE.findall(sql)
        for column in _of(model)
        if re.search(rf"\b{column}\b", sql)
    }


def test_staging_shows_personal_columns_under_their_names() -> None:
    for model, columns in COLUMNS.items():
        ((path),) = (ROOT / "models" / "staging").rglob(f"{model}.sql")
        sql = COMMENTS.sub("", path.read_text(encoding="utf-8"))
        renamed = [
            column
            for column in columns
            if re.search(rf"\b{column}\b", sql)
            and not re.search(rf"(source\.|as ){column},?\n", sql)
        ]
        assert renamed == [], model


def test_only_the_listed_models_name_personal_columns() -> None:
    found = {name for name, (_, sql) in _models().items() if _named(sql)}
    by_chance = {
        # The word is a link's method or a kind of evidence there.
        "int_identity_records",
    }
    assert found - by_chance == set(READERS)


def test_no_star_hands_on_a_personal_column() -> None:
    """A model that names none may take all columns of a table, but not give them on.

    The columns that the YAML describes are those that the model has (test_described_columns.py).
    """
    described = _described_columns()
    found = {
        name: handed_on
        for name, (_, sql) in _models().items()
        for handed_on in [
            described[name] & {each for model in REFERENCE.findall(sql) for each in _of(model)}
        ]
        if handed_on
    }
    assert found == {
        "int_aml_checks": {"aml_flag", "aml_checked_on"},
        "int_identity_blocks": {"street"},
    }


def test_what_holds_them_is_read_by_identity_resolution_alone() -> None:
    assert set(VAULT_TABLES) == HOLDERS
    readers = {
        path.parent.relative_to(ROOT / "models").as_posix()
        for path, sql in _models().values()
        if {*REFERENCE.findall(sql), *_by_macro(sql)} & HOLDERS
    }
    assert readers <= {IDENTITY, "scorecard/identity"}
    (summary,) = (
        name
        for name, (path, sql) in _models().items()
        if path.parent.name == "identity"
        and "scorecard" in path.parts
        and {*REFERENCE.findall(sql), *_by_macro(sql)} & HOLDERS
    )
    assert summary == "identity_summary"
    assert not _described_columns()[summary] & {"value", "name", "street", "source_id"}


def _by_macro(sql: str) -> set[str]:
    return {"int_identity_evidence"} if "evidence_as_known" in sql else set()
