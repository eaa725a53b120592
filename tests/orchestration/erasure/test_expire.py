"""What is past its period is emptied and stays so; nothing else changes, no count and no sum."""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
import yaml
from rich.console import Console

from orchestration import doctor, text
from orchestration.erasure import old_files
from orchestration.erasure.copies import COPIES
from orchestration.erasure.expire import ExpiryOutcome, expire
from orchestration.erasure.words import render_expiry
from orchestration.errors import ContractError, ScorecardError, UsageError
from orchestration.ingestion import retention
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.quarantine import (
    Selection,
    dismiss_rows,
    list_quarantine,
    release_rows,
)
from orchestration.ingestion.retention import EMPTIED, RESOLVED, check_periods
from orchestration.warehouse import connect
from tests.conftest import ROOT
from tests.orchestration.ingestion.conftest import Ground, make_ground

NOW = datetime.fromisoformat("2026-02-01")
LOADED_AT = datetime.fromisoformat("2025-12-31")
UNTIL = date(2025, 12, 31)
# 36 months before the end of 2025: the last day of 2022 is past the period, the next is not.
COMMENTS = [
    ("M1", "2022-06-01 00:00:00", "Ring me, I am Ada Byron"),
    ("M2", "2022-12-31 23:59:59", "My parcel is lost"),
    ("M3", "2023-01-01 00:00:00", "Thank you so much"),
    ("M4", "2022-06-02 00:00:00", ""),
    ("M5", "2022-06-03 00:00:00", None),
]
ANSWERS = """response_id,invitation_id,question_id,answer,comment,responded_at
A1,V1,Q1,9,I love Bo Li,2021-05-05 00:00:00
A2,V2,Q1,3,,2021-05-06 00:00:00
"""
# The key's own line lacks what it must have; the second names no time, either.
REFUSED = [
    {"comment_id": "M8", "ticket_id": "T1", "author_kind": "ghost", "is_public": True,
     "commented_at": "2022-03-03 00:00:00", "body": "Old words of Cy"},
    {"comment_id": "M9", "ticket_id": "T1", "author_kind": "ghost", "is_public": True,
     "commented_at": "2024-03-03 00:00:00", "body": "New words of Cy"},
]  # fmt: skip
SECRETS = (b"Ada Byron", b"parcel is lost", b"love Bo Li", b"Old words of Cy")


def comments(rows: list[tuple[str, str, str | None]] = COMMENTS, **more: object) -> str:
    return "".join(
        json.dumps(
            {
                "comment_id": key,
                "ticket_id": "T1",
                "author_kind": "customer",
                "is_public": True,
                "handling_minutes": 5,
                "commented_at": at,
                "body": body,
                **more,
            }
        )
        + "\n"
        for key, at, body in rows
    )


@pytest.fixture
def shop(tmp_path: Path) -> Ground:
    ground = make_ground(tmp_path)
    ground.write("support/ticket_comments.jsonl", comments())
    ground.write(
        "support/ticket_comments_refused.jsonl", "".join(f"{json.dumps(row)}\n" for row in REFUSED)
    )
    ground.write("survey/responses.csv", ANSWERS)
    report = ground.ingest(LOADED_AT)
    assert (report.rows_accepted, report.rows_quarantined) == (7, 2)
    return ground


def run(ground: Ground, until: date | None = UNTIL, *, is_rehearsal: bool = False) -> ExpiryOutcome:
    return expire(
        ground.settings,
        until=until,
        author="Ada",
        reason="yearly",
        now=NOW,
        is_rehearsal=is_rehearsal,
    )


def told(outcome: ExpiryOutcome) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(render_expiry(outcome))
    return captured.get()


def bodies(ground: Ground) -> list[tuple[object, ...]]:
    return ground.rows("select comment_id, body from raw.support__ticket_comments order by 1")


def test_without_yes_it_is_only_listed(shop: Ground) -> None:
    before = shop.rows("from raw.support__ticket_comments order by all")
    outcome = run(shop, is_rehearsal=True)
    assert outcome.row_counts == {
        "raw.support__ticket_comments": 2,
        "quarantine.support__ticket_comments": 1,
        "raw.survey__responses": 1,
    }
    assert shop.rows("from raw.support__ticket_comments order by all") == before
    assert shop.rows("from control.expiries") == []
    assert "with --yes empties them" in told(outcome)
    assert "2022-12-31" in told(outcome)


def test_old_texts_go_and_everything_else_stays(shop: Ground) -> None:
    others = (
        "select * exclude (body, _row_hash) from raw.support__ticket_comments order by all",
        "select * exclude (comment, _row_hash) from raw.survey__responses order by all",
        # What the models count: that there was a comment, and that there was a text.
        "select response_id, coalesce(comment, '') <> '' from raw.survey__responses order by 1",
        "select comment_id, body is null, trim(body) = '' from raw.support__ticket_comments "
        "order by 1",
    )
    before = [shop.rows(query) for query in others]
    outcome = run(shop)
    assert outcome.is_done
    assert [shop.rows(query) for query in others] == before
    assert bodies(shop) == [
        ("M1", EMPTIED),
        ("M2", EMPTIED),
        ("M3", "Thank you so much"),
        ("M4", ""),
        ("M5", None),
    ]
    content = shop.settings.warehouse.read_bytes()
    assert [word for word in SECRETS if word in content] == []
    assert b"Thank you so much" in content
    assert b"New words of Cy" in content
    assert run(shop).row_counts == {}


def test_what_the_texts_said_stays_in_numbers(
    shop: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scored in batches of one; M4 is blank and stays, M3 is not past its period."""
    monkeypatch.setattr(text, "BATCH_TEXTS", 1)
    run(shop)
    kept = (
        "select source_table, item_id, load_id, erasure_id, language, sign(sentiment) "
        "from control.erased_text_scores order by all"
    )
    found = shop.rows(kept)
    assert found == [
        ("support.ticket_comments", "M1", 1, None, "en", 0),
        ("support.ticket_comments", "M2", 1, None, "en", -1),
        ("survey.responses", "A1", 3, None, "en", 1),
    ]
    run(shop)
    assert shop.rows(kept) == found


def test_a_period_ends_later_for_an_earlier_month(shop: Ground) -> None:
    run(shop, date(2025, 6, 30))
    assert [body == EMPTIED for _, body in bodies(shop)] == [True, False, False, False, False]


def test_what_comes_again_brings_nothing_back_and_is_no_change(shop: Ground) -> None:
    run(shop)
    stored = shop.rows("from raw.support__ticket_comments order by all")
    late = ("M6", "2022-07-07 00:00:00", "Late words of Di")
    shop.write("support/ticket_comments_again.jsonl", comments([*COMMENTS, late]))
    shop.write(
        "support/ticket_comments_refused_again.jsonl",
        "".join(f"{json.dumps(row)}\n" for row in reversed(REFUSED)),
    )
    shop.write("survey/responses_again.csv", ANSWERS.replace("love", "like"))
    shop.ingest(LOADED_AT)
    assert shop.rows(
        "select file, rows_read, rows_accepted, rows_unchanged, rows_quarantined, rows_expired "
        "from control.loads where file like '%again%' order by file"
    ) == [
        ("support/ticket_comments_again.jsonl", 6, 1, 5, 0, 3),
        ("support/ticket_comments_refused_again.jsonl", 2, 0, 0, 2, 1),
        ("survey/responses_again.csv", 2, 0, 2, 0, 1),
    ]
    assert (
        shop.rows("from raw.support__ticket_comments where comment_id <> 'M6' order by all")
        == stored
    )
    assert shop.rows("select body from raw.support__ticket_comments where comment_id = 'M6'") == [
        (EMPTIED,)
    ]
    content = shop.settings.warehouse.read_bytes()
    assert [
        word for word in (*SECRETS, b"Late words of Di", b"like Bo Li") if word in content
    ] == []
    ((message,),) = shop.rows(
        "select message from control.loads where file like '%comments_again%'"
    )
    assert message.startswith("3 of its rows are past their period and lost their texts")


def test_what_is_emptied_stays_so_when_the_contract_names_no_period_any_more(
    shop: Ground, tmp_path: Path
) -> None:
    run(shop)
    with connect(shop.settings) as con:
        from orchestration.ingestion.retention import known_cutoffs

        contracts = {each.title: each for each in load_contracts(shop.settings.contracts_root)}
        (cutoff,) = known_cutoffs(con, contracts["support.ticket_comments"])
        assert (cutoff.through, cutoff.since, cutoff.columns) == (
            date(2022, 12, 31),
            "commented_at",
            ("body",),
        )
        assert known_cutoffs(con, contracts["crm.customers"]) == []
    # An earlier month takes nothing back.
    run(shop, date(2025, 6, 30))
    shop.write("support/ticket_comments_again.jsonl", comments(COMMENTS[:2]))
    shop.ingest(LOADED_AT)
    assert bodies(shop)[1] == ("M2", EMPTIED)


def test_a_refused_row_without_text_cannot_be_released_but_dismissed(shop: Ground) -> None:
    run(shop)
    who = {"author": "Ada", "reason": "known", "now": NOW}
    ((load_id, line, text, message),) = shop.rows(
        "select load_id, line, raw_text, message from quarantine.refused_rows "
        "where fact_date < date '2023-01-01'"
    )
    assert text is None
    assert message.endswith("its text was emptied, since its period is over")
    selection = Selection.parse([f"{load_id}:{line}"], rule="accepted_values")
    with pytest.raises(ScorecardError, match="No row in quarantine"):
        release_rows(shop.settings, selection, **who)
    assert dismiss_rows(shop.settings, selection, **who).dismissed == 1
    (group,) = list_quarantine(shop.settings, Selection())
    assert (group.open_rows, group.dismissed_rows) == (1, 1)


def test_a_released_row_is_emptied_on_its_way_in(shop: Ground) -> None:
    run(shop, date(2024, 12, 31))
    with connect(shop.settings) as con:
        # A text that outlived its period: the row was refused before its day could be read.
        con.execute(
            "update quarantine.refused_rows set fact_date = null where line = 1; "
            "update control.loads set latest_fact_date = date '2025-01-01'"
        )
    run(shop)
    release_rows(
        shop.settings,
        Selection(table="support.ticket_comments", rule="accepted_values"),
        author="Ada",
        reason="ghosts write, too",
        now=NOW,
    )
    assert shop.rows(
        "select comment_id, body from raw.support__ticket_comments where author_kind = 'ghost' "
        "order by 1"
    ) == [("M8", EMPTIED), ("M9", "New words of Cy")]


def test_a_refused_row_without_a_day_is_as_old_as_its_load(shop: Ground) -> None:
    with connect(shop.settings) as con:
        con.execute("update quarantine.refused_rows set fact_date = null")
    # The load brought no fact: it is of 2025.
    assert "quarantine.support__ticket_comments" not in run(shop, is_rehearsal=True).row_counts
    with connect(shop.settings) as con:
        con.execute("update control.loads set latest_fact_date = date '2022-01-01'")
    outcome = run(shop, is_rehearsal=True)
    assert outcome.row_counts["quarantine.support__ticket_comments"] == 2


def test_each_expiry_is_recorded_and_chained(shop: Ground) -> None:
    run(shop, date(2025, 6, 30))
    second = run(shop)
    rows = shop.rows(
        "select expiry_id, author, reason, cast(until_month as varchar), row_counts, "
        "previous_hash, expiry_hash from control.expiries order by 1"
    )
    assert [row[:4] for row in rows] == [
        (1, "Ada", "yearly", "2025-06-30"),
        (2, "Ada", "yearly", "2025-12-31"),
    ]
    assert json.loads(rows[1][4]) == dict(second.row_counts)
    assert rows[1][5] == rows[0][6]
    with connect(shop.settings) as con:
        con.execute("update control.expiries set reason = 'nothing' where expiry_id = 1")
    with pytest.raises(ScorecardError, match="the hash of expiry 1 "):
        shop.ingest(LOADED_AT)
    with pytest.raises(ScorecardError, match="the hash of expiry 1 "):
        run(shop)


def test_a_record_that_was_taken_out_is_found(shop: Ground) -> None:
    run(shop, date(2025, 6, 30))
    run(shop)
    with connect(shop.settings) as con:
        con.execute("delete from control.expiries where expiry_id = 1")
    with pytest.raises(ScorecardError, match="the hash of expiry 2 "):
        run(shop)


def test_what_a_computed_table_copied_goes_at_once(shop: Ground, tmp_path: Path) -> None:
    root = _root_with(tmp_path, "organisation", "credit_checks", {"months": 12})
    ground = Ground(
        make_ground(tmp_path / "other", root=root).settings,
    )
    ground.write(
        "organisation/credit_checks.csv",
        "check_id,customer_id,agency,checked_on,grade,aml_flag,aml_checked_on,updated_at\n"
        "K1,C1,Acme,2020-01-01,A,true,2020-01-01,2020-01-02 00:00:00\n"
        "K2,C2,Acme,2025-06-01,B,true,2025-06-01,2025-06-02 00:00:00\n",
    )
    assert ground.ingest(LOADED_AT).rows_accepted == 2
    with connect(ground.settings) as con:
        con.execute(
            "create schema core; create table core.int_aml_checks as "
            "select check_id, aml_flag from raw.organisation__credit_checks"
        )
    outcome = run(ground)
    assert outcome.row_counts == {"raw.organisation__credit_checks": 1, "core.int_aml_checks": 1}
    assert ground.rows("select check_id from core.int_aml_checks") == [("K2",)]
    assert ground.rows(
        "select check_id, aml_flag, agency from raw.organisation__credit_checks order by 1"
    ) == [("K1", None, "Acme"), ("K2", True, "Acme")]


def test_periods_count_from_the_last_completed_month(shop: Ground) -> None:
    with pytest.raises(ScorecardError, match="No run was completed yet"):
        run(shop, None)
    with connect(shop.settings) as con:
        from orchestration.window import ensure_control_tables

        ensure_control_tables(con)
        for place, (month, status) in enumerate(
            [("2025-05-31", "released"), ("2025-06-30", "held"), ("2025-12-31", "failed")]
        ):
            con.execute(
                "insert into control.runs (run_id, started_at, first_month, last_month, status) "
                "values (?, ?, ?, ?, ?)",
                [str(place), f"2026-01-0{place + 1}", month, month, status],
            )
    assert run(shop, None, is_rehearsal=True).until == date(2025, 6, 30)


def test_a_month_that_is_not_over_is_refused(shop: Ground) -> None:
    with pytest.raises(UsageError, match="--until 2026-02 is not over yet"):
        run(shop, date(2026, 2, 28))


@pytest.mark.parametrize("missing", ["author", "reason"])
def test_author_and_reason_are_needed(shop: Ground, missing: str) -> None:
    by = {"author": "Ada", "reason": "yearly"} | {missing: "  "}
    with pytest.raises(UsageError, match=f"--{missing}"):
        expire(shop.settings, until=UNTIL, now=NOW, is_rehearsal=True, **by)


def _root_with(folder: Path, system: str, table: str, period: Mapping[str, object]) -> Path:
    """A repository with our contracts, of which one table is given a period."""
    staging = folder / "root" / "models" / "staging"
    shutil.copytree(
        ROOT / "models" / "staging",
        staging,
        ignore=shutil.ignore_patterns("*.sql", "*__models.yml"),
    )
    path = staging / system / f"_{system}__sources.yml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    (found,) = [
        each for source in document["sources"] for each in source["tables"] if each["name"] == table
    ]
    found["config"]["meta"]["retention"] = dict(period)
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder / "root"


def run_with_files(
    ground: Ground, months: int = 36, *, is_rehearsal: bool = False
) -> ExpiryOutcome:
    return run(Ground(replace(ground.settings, landing_months=months)), is_rehearsal=is_rehearsal)


def files_of(outcome: ExpiryOutcome) -> list[tuple[str, str, str]]:
    return [(each.file, str(each.newest), each.why_not) for each in outcome.files]


def names(ground: Ground) -> set[str]:
    folder = ground.settings.landing
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_files_are_kept_unless_a_period_is_set(shop: Ground) -> None:
    assert run(shop).files == []
    assert len(names(shop)) == 3


def test_files_that_were_loaded_whole_go_when_all_their_facts_are_old(shop: Ground) -> None:
    # Not loaded; of the content of an old file, under another name.
    shop.write("survey/responses_new.csv", ANSWERS.replace("A1", "A9"))
    shop.write("survey/responses_copy.csv", ANSWERS)
    before = shop.rows("from raw.survey__responses order by all")
    assert files_of(run_with_files(shop, is_rehearsal=True)) == [
        ("survey/responses.csv", "2021-05-06", ""),
        ("survey/responses_copy.csv", "2021-05-06", ""),
    ]
    assert len(names(shop)) == 5
    outcome = run_with_files(shop)
    assert "Landing files that were loaded whole and were deleted: 2" in told(outcome)
    # The newest comment is of the day after the cut-off.
    assert names(shop) == {
        "ticket_comments.jsonl",
        "ticket_comments_refused.jsonl",
        "responses_new.csv",
    }
    assert shop.rows("select files from control.expiries") == [
        ('["survey/responses.csv", "survey/responses_copy.csv"]',)
    ]
    assert [row[:2] for row in shop.rows("from raw.survey__responses order by all")] == [
        row[:2] for row in before
    ]


def test_a_file_with_rows_nobody_decided_on_stays(shop: Ground) -> None:
    with connect(shop.settings) as con:
        con.execute("update control.loads set loaded_at = '2022-01-01'")
    refused = "support/ticket_comments_refused.jsonl"
    why = "2 of its rows wait in quarantine for a decision"
    assert (refused, "2022-01-01", why) in files_of(run_with_files(shop, is_rehearsal=True))
    dismiss_rows(
        shop.settings,
        Selection(table="support.ticket_comments"),
        author="Ada",
        reason="known",
        now=LOADED_AT,
    )
    assert (refused, "2022-01-01", "") in files_of(run_with_files(shop))
    assert "ticket_comments_refused.jsonl" not in names(shop)


def test_a_file_with_rows_that_were_known_is_as_old_as_its_load(shop: Ground) -> None:
    shop.write("survey/responses_again.csv", f"{ANSWERS}A3,V2,Q1,3,,2021-05-07 00:00:00\n")
    shop.ingest(LOADED_AT)
    found = files_of(run_with_files(shop, is_rehearsal=True))
    assert found == [("survey/responses.csv", "2021-05-06", "")]


def test_links_and_files_outside_the_home_stay_and_are_named(shop: Ground, tmp_path: Path) -> None:
    path = shop.settings.landing / "survey" / "responses.csv"
    aside = tmp_path / "aside.csv"
    path.rename(aside)
    path.symlink_to(aside)
    assert files_of(run_with_files(shop)) == [
        ("survey/responses.csv", "2021-05-06", "it is a link")
    ]
    path.unlink()
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "survey").mkdir(parents=True)
    aside.rename(elsewhere / "survey" / "responses.csv")
    other = Ground(replace(shop.settings, landing=elsewhere))
    assert files_of(run_with_files(other)) == [
        ("survey/responses.csv", "2021-05-06", "the landing area is not in the home")
    ]
    assert (elsewhere / "survey" / "responses.csv").exists()


def test_a_file_that_cannot_be_deleted_is_named_and_still_overdue(
    shop: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.settings.landing / "survey" / "responses.csv"
    plain = old_files.Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self == path:
            raise PermissionError(13, "Permission denied")
        plain(self, missing_ok=missing_ok)

    monkeypatch.setattr(old_files.Path, "unlink", refuse)
    assert files_of(run_with_files(shop)) == [
        ("survey/responses.csv", "2021-05-06", "it cannot be deleted: Permission denied")
    ]
    assert path.exists()
    monkeypatch.undo()
    assert files_of(run_with_files(shop, is_rehearsal=True)) == [
        ("survey/responses.csv", "2021-05-06", "")
    ]


def test_no_file_goes_without_a_record(shop: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise duckdb.IOException("No space left on device")

    monkeypatch.setattr(retention, "record", full)
    before = names(shop)
    with pytest.raises(ScorecardError):
        run_with_files(shop)
    assert names(shop) == before
    assert shop.rows("select count(*) from control.expiries") == [(0,)]


def test_an_empty_landing_area_is_none_when_its_files_went_by_their_period(shop: Ground) -> None:
    (shop.settings.landing / "support" / "ticket_comments.jsonl").unlink()
    (shop.settings.landing / "support" / "ticket_comments_refused.jsonl").unlink()
    run_with_files(shop)
    assert names(shop) == set()
    assert shop.ingest(LOADED_AT).files == ()


def overdue(ground: Ground, months: int | None = None) -> tuple[str, str]:
    settings = replace(ground.settings, landing_months=months)
    found = doctor._made("Periods", lambda: doctor._periods(settings))
    return found.level, found.text


def test_doctor_says_what_is_overdue(shop: Ground) -> None:
    assert overdue(shop) == ("ok", "3 tables have one; they count from the first completed month")
    with connect(shop.settings) as con:
        con.execute(
            "insert into control.runs (run_id, started_at, first_month, last_month, status) "
            "values ('1', '2026-01-01', '2025-12-31', '2025-12-31', 'released')"
        )
    level, text = overdue(shop, 36)
    assert level == "note"
    assert text.startswith(
        "past their period as of 2025-12: 2 rows of raw.support__ticket_comments; "
        "1 rows of quarantine.support__ticket_comments; 1 rows of raw.survey__responses; "
        "1 landing files. `scorecard expire` lists them"
    )
    run_with_files(shop)
    assert overdue(shop, 36) == ("ok", "3 tables have one; nothing is past it as of 2025-12")
    with connect(shop.settings) as con:
        con.execute("update control.expiries set author = 'Bo'")
    assert overdue(shop)[0] == "failed"
    with connect(shop.settings) as con:
        con.execute("drop table control.expiries")
    assert overdue(shop)[1].startswith("the warehouse is of an older version")


def test_doctor_has_nothing_to_say_of_a_home_without_facts(tmp_path: Path) -> None:
    assert overdue(make_ground(tmp_path)) == ("ok", "3 tables have one; nothing is stored yet")


def test_a_table_that_identity_resolution_reads_takes_no_period(tmp_path: Path) -> None:
    root = _root_with(tmp_path, "support", "requesters", {"months": 36})
    ground = make_ground(tmp_path / "home", root=root)
    ground.write("support/requesters.csv", "requester_id,updated_at\nR1,2020-01-01 00:00:00\n")
    said = r"_support__sources.yml, table support.requesters: `retention` may not stand here"
    with pytest.raises(ContractError, match=said):
        ground.ingest(LOADED_AT)
    with connect(ground.settings) as con:
        con.execute("create schema control")
    with pytest.raises(ContractError, match=said):
        run(ground)


def test_the_tables_that_take_no_period_are_those_that_identity_resolution_reads() -> None:
    contracts = {
        f"stg_{each.system}__{each.name}": each
        for each in load_contracts(ROOT / "models" / "staging")
        if each.private_columns
    }
    read = {
        contracts[name].title
        for path in (ROOT / "models" / "core" / "identity").glob("*.sql")
        for sql in [path.read_text(encoding="utf-8")]
        for name in re.findall(r"ref\('(\w+)'\)", sql)
        if name in contracts
        # Of a ticket they read who asked, not what was written.
        and any(re.search(rf"\b{each.name}\b", sql) for each in contracts[name].private_columns)
    }
    assert read == RESOLVED
    check_periods(tuple(contracts.values()))


def test_computed_tables_with_personal_values_are_emptied_or_need_no_period() -> None:
    from tests.dbt_project.test_vault import COLUMNS, HOLDERS, READERS

    keep_values = {"int_aml_checks"}
    assert {table for table, _ in COPIES.values()} == keep_values
    # The others hand on no value, or hold those of tables without a period.
    assert set(READERS) - keep_values == {
        *HOLDERS,
        "int_customers",
        "int_survey_answers",
    }
    for title in COPIES:
        assert f"stg_{title.replace('.', '__')}" in COLUMNS
