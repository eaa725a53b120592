"""Identity from landing files to links, in loads: what moves, what stays, and how it is undone.

What belongs here: a tiny company that delivers several times, decisions by hand, systems that are
not there. What does not: single rules (dbt unit tests beside the models), and how good the links
are (`test_identity_truth`).
"""

import csv
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration import window
from orchestration.defs.transform import _build_links_first
from orchestration.ingestion.ingest import ingest
from orchestration.progress import stage
from orchestration.runs import RunMonths, begin
from orchestration.settings import Settings
from orchestration.warehouse import connect, prepare_home
from tests.command import ONE_THREAD, lend_parsed
from tests.conftest import ROOT
from tests.end_to_end.in_process import compared

pytestmark = pytest.mark.slow

NOW = datetime(2023, 7, 1)  # noqa: DTZ001  (the pipeline's times are UTC without a zone)
IDENTITY = ("+identity_summary", "+identity_restatements")
BUILT = (*IDENTITY, "+int_customer_months")
PROJECT = ("dbt_project.yml", "dbt_project", "models")
OPTIONAL = ("support", "survey", "usage", "marketing")

Row = dict[str, str]
Delivery = Mapping[str, Sequence[Row]]
Record = tuple[str, str]
Links = dict[Record, tuple[str | None, str]]


def _customer(number: str, name: str, email: str, phone: str, *, at: str, seen: str) -> Row:
    kind = "organisation" if name.endswith("Ltd") else "individual"
    return {
        "customer_id": number,
        "customer_kind": kind,
        "customer_name": name,
        "email": email,
        "phone": phone,
        "country": "UK",
        "first_seen_at": seen,
        "updated_at": at,
    }


def _invoices(*invoices: tuple[str, str, str]) -> dict[str, list[Row]]:
    """Invoices of one line each: the customer's number in billing, the day, the amount."""
    return {
        "billing/invoices": [
            {
                "invoice_id": f"{customer}-{day}",
                "customer_id": customer,
                "country": "UK",
                "invoiced_at": day,
                "currency": "GBP",
            }
            for customer, day, _ in invoices
        ],
        "billing/invoice_lines": [
            {
                "line_id": f"{customer}-{day}-1",
                "invoice_id": f"{customer}-{day}",
                "product_id": "10001",
                "quantity": "1",
                "unit_price": amount,
                "invoiced_at": day,
            }
            for customer, day, amount in invoices
        ],
    }


# Anna stands in the CRM twice (C1, C4) and nobody knows yet; Bob is of her family, C3 a firm with a
# contact person, B9 a stranger to the CRM. U5 and R5 share an address that no customer holds.
FIRST: Delivery = {
    "crm/customers": [
        _customer(
            "C1",
            "Anna Smith",
            "anna@mail.example",
            "+44 20 7946 0018",
            at="2023-01-05",
            seen="2023-01-05",
        ),
        _customer(
            "C2",
            "Bob Smith",
            "bob@mail.example",
            "+44 20 7946 0019",
            at="2022-12-06",
            seen="2022-12-06",
        ),
        _customer(
            "C3",
            "Northfield Ltd",
            "info@north.example",
            "+44 113 4960001",
            at="2023-01-07",
            seen="2023-01-07",
        ),
        _customer(
            "C4",
            "Anna Smith",
            "old@mail.example",
            "+44 20 7946 0077",
            at="2023-02-05",
            seen="2023-02-05",
        ),
    ],
    "crm/contacts": [
        {"contact_id": "K1", "customer_id": "C3", "full_name": "Li Wei"}
        | {"email": "li@north.example", "updated_at": "2023-01-07"},
    ],
    "billing/products": [
        {"product_id": "10001", "description": "Mug", "updated_at": "2022-12-01"},
    ],
    "billing/accounts": [
        {"customer_id": "B1", "crm_customer_id": "C1", "updated_at": "2023-01-05"},
        {"customer_id": "B2", "email": "bob@mail.example", "updated_at": "2022-12-06"},
        {"customer_id": "B4", "crm_customer_id": "C4", "updated_at": "2023-02-05"},
        {"customer_id": "B9", "email": "eve@mail.example", "updated_at": "2023-01-09"},
    ],
    **_invoices(
        ("B2", "2022-12-10", "2.00"),
        ("B1", "2023-01-20", "10.00"),
        ("B9", "2023-01-21", "9.00"),
        ("B1", "2023-02-20", "11.00"),
        ("B4", "2023-02-21", "40.00"),
        ("B2", "2023-02-28", "2.00"),
    ),
    "support/requesters": [
        {"requester_id": "R1", "phone": "020 7946 0018", "requester_name": "Smith, Anna"}
        | {"updated_at": "2023-01-10"},
        {"requester_id": "R3", "email": "li@north.example", "requester_name": "Li Wei"}
        | {"updated_at": "2023-01-10"},
        {"requester_id": "R5", "email": "5@mail.example", "phone": "+44 20 7946 0019"}
        | {"updated_at": "2023-01-10"},
        {"requester_id": "R8", "email": "who@mail.example", "updated_at": "2023-01-10"},
    ],
    "survey/respondents": [
        {"respondent_id": "P1", "email": "anna+survey@mail.example", "updated_at": "2023-01-11"},
        {"respondent_id": "P8", "email": "who@mail.example", "updated_at": "2023-01-11"},
        {"respondent_id": "P9", "email": "eve@mail.example", "updated_at": "2023-01-11"},
    ],
    "usage/accounts": [
        {"account_id": "U4", "email": "old@mail.example", "updated_at": "2023-02-06"},
        {"account_id": "U5", "email": "5@mail.example", "updated_at": "2023-02-06"},
    ],
    "marketing/campaigns": [
        {"campaign_id": "M1", "campaign_name": "Spring", "channel": "email"}
        | {"objective": "retention", "starts_on": "2023-01-01", "updated_at": "2023-01-01"},
    ],
    "marketing/touches": [
        {"touch_id": "T1", "campaign_id": "M1", "customer_id": "C4", "channel": "email"}
        | {"is_delivered": "true", "touched_at": "2023-02-10"},
    ],
}
# C4 says Anna's address, C7 is C3 once more, and somebody said that R8 is Bob.
SECOND: Delivery = {
    "crm/customers": [
        _customer(
            "C4",
            "Anna Smith",
            "anna@mail.example",
            "+44 20 7946 0077",
            at="2023-03-05",
            seen="2023-02-05",
        ),
        _customer(
            "C7",
            "Northfield Co. Ltd",
            "info@north.example",
            "+44 113 4960001",
            at="2023-03-02",
            seen="2023-03-02",
        ),
    ],
    **_invoices(("B4", "2023-03-20", "41.00"), ("B2", "2023-03-31", "2.00")),
    "support/requesters": [
        {"requester_id": "R8", "crm_customer_id": "C2", "email": "who@mail.example"}
        | {"updated_at": "2023-03-10"},
    ],
}
# The number C4 is given to somebody else, so it proves nothing any more; B9 was Bob all the time.
THIRD: Delivery = {
    "crm/customers": [
        _customer(
            "C4",
            "Carlos Ortega",
            "carlos@else.example",
            "+44 161 4960555",
            at="2023-04-05",
            seen="2023-02-05",
        ),
    ],
    "billing/accounts": [
        {"customer_id": "B9", "crm_customer_id": "C2", "email": "eve@mail.example"}
        | {"updated_at": "2023-04-09"},
    ],
    **_invoices(("B4", "2023-04-20", "42.00"), ("B2", "2023-04-30", "2.00")),
}
DELIVERIES = (FIRST, SECOND, THIRD)
SEPARATE_C4 = "crm,C4,separate,,,A. Clerk,two people with one address,2023-04-02\n"


@dataclass(frozen=True)
class Company:
    """A company that delivers and runs, in a project that it may write decisions by hand into.

    All runs have one home, so that dbt parses the project once; what a run left is kept aside.
    """

    settings: Settings
    kept: Path

    def run(
        self,
        name: str,
        landing: Path,
        *,
        after: Path | None = None,
        optional_first: bool = False,
        select: Sequence[str] = BUILT,
    ) -> Path:
        """Run on what an earlier run left, or on nothing, as far as core, and keep what is left.

        Args:
            name: The run.
            landing: What is delivered; what was loaded before need not be there.
            after: What the run before left.
            optional_first: Whether the optional systems are loaded before the CRM and billing.
            select: What is built.
        """
        self.settings.warehouse.unlink(missing_ok=True)
        if after is not None:
            shutil.copy(after / self.settings.warehouse.name, self.settings.warehouse)
        settings = replace(self.settings, landing=landing)
        if optional_first:
            ingest(settings, loaded_at=NOW, systems=OPTIONAL)
        ingest(settings, loaded_at=NOW)
        begin(settings, RunMonths(run_id=name), now=NOW)
        with stage(name) as current:
            _build_links_first(settings, select, current, left_out=())
        with connect(settings) as con:
            window.finish_run(con, run_id=name, status="released", now=NOW)
        (self.kept / name).mkdir(parents=True)
        shutil.copy(self.settings.warehouse, self.kept / name)
        return self.kept / name

    @contextmanager
    def decision(self, line: str) -> Iterator[None]:
        """Let the project hold a decision by hand for the length of the block."""
        seed = self.settings.root / "dbt_project" / "seeds" / "identity_decisions.csv"
        text = seed.read_text(encoding="utf-8")
        seed.write_text(text + line, encoding="utf-8")
        try:
            yield
        finally:
            seed.write_text(text, encoding="utf-8")


def _deliver(landing: Path, *deliveries: Delivery, backwards: bool = False) -> Path:
    """Write deliveries, one file per table and delivery, and return the landing area."""
    for number, delivery in enumerate(reversed(deliveries) if backwards else deliveries):
        for table, rows in delivery.items():
            file = landing / f"{table}_{number}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            columns = sorted({column for row in rows for column in row})
            with file.open("w", encoding="utf-8", newline="") as handle:
                writer = csv.DictWriter(handle, columns, restval="")
                writer.writeheader()
                writer.writerows(reversed(rows) if backwards else rows)
    return landing


@pytest.fixture(scope="module")
def company(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company with its own copy of the dbt project, and nothing delivered."""
    folder = tmp_path_factory.mktemp("identity")
    shutil.copytree(ROOT / "models", folder / "project" / "models")
    shutil.copytree(ROOT / "dbt_project", folder / "project" / "dbt_project")
    shutil.copy(ROOT / "dbt_project.yml", folder / "project")
    settings = Settings.from_environment(ONE_THREAD, root=folder / "project", home=folder / "home")
    prepare_home(settings)
    lend_parsed(settings.home)
    with pytest.MonkeyPatch.context() as patch:
        # Nobody reads dbt's artifacts here, and writing them costs a third of each call.
        patch.setenv("DBT_WRITE_JSON", "false")
        yield Company(settings, folder / "kept")


@pytest.fixture(scope="module")
def first(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the run over the first delivery left: December to February."""
    return company.run("first", _deliver(tmp_path_factory.mktemp("first"), FIRST))


@pytest.fixture(scope="module")
def merged(company: Company, first: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the run over the second delivery left: C4 is Anna."""
    landing = _deliver(tmp_path_factory.mktemp("second"), SECOND)
    return company.run("merged", landing, after=first)


@pytest.fixture(scope="module")
def split(company: Company, merged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the run over the third delivery left: C4 is not Anna, and B9 is Bob."""
    landing = _deliver(tmp_path_factory.mktemp("third"), THIRD)
    return company.run("split", landing, after=merged)


@pytest.fixture(scope="module")
def separated(company: Company, merged: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run without anything new left once a person had undone the merge."""
    landing = _deliver(tmp_path_factory.mktemp("again"), SECOND)
    with company.decision(SEPARATE_C4):
        return company.run("separated", landing, after=merged, select=IDENTITY)


@pytest.fixture(scope="module")
def at_once(company: Company, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one run left over all deliveries: newest files, last rows, optional systems first."""
    landing = _deliver(tmp_path_factory.mktemp("at_once"), *DELIVERIES, backwards=True)
    return company.run("at_once", landing, optional_first=True)


def _rows(run: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(run / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


def _links(run: Path) -> Links:
    """Each source record's customer and link method."""
    rows = _rows(
        run,
        "select source_system, source_id, customer_id, link_method from core.int_identity_links",
    )
    return {(system, number): (customer, method) for system, number, customer, method in rows}


def _customer_of(run: Path, record: str) -> str | None:
    """The customer of a record, which is named `system number`."""
    system, _, number = record.partition(" ")
    return _links(run)[system, number][0]


def _restated(run: Path) -> dict[str, tuple[str, str | None, str | None]]:
    """What is listed as restated: kind of change, customer before, customer after."""
    rows = _rows(
        run,
        """
        select
            links.source_system || ' ' || links.source_id, restated.change_kind,
            restated.customer_id_before, restated.customer_id_after
        from scorecard.identity_restatements as restated
        left join core.int_identity_links as links
            on restated.source_system = links.source_system
            and restated.source_key = md5(links.source_id)
        """,
    )
    return {record: (kind, before, after) for record, kind, before, after in rows}


def _changes(run: Path) -> dict[str, int]:
    """The changes that the summary counts, of all systems, without the kinds that none had."""
    kinds = ("new_link", "merge", "split", "moved", "rekeyed", "unlinked")
    columns = ", ".join(f"{kind}_count" for kind in kinds)
    query = f"select {columns} from scorecard.identity_summary where source_system = 'all'"
    ((*counts,),) = _rows(run, query)
    return {kind: count for kind, count in zip(kinds, counts, strict=True) if count}


def _revenue(run: Path, customer: str | None) -> dict[str, Decimal]:
    """A customer's revenue in the months that it has a row for."""
    rows = _rows(
        run,
        "select strftime(as_of_date, '%Y-%m'), revenue from core.int_customer_months "
        f"where customer_id = '{customer}'",
    )
    return dict(rows)


def test_a_merge_takes_along_all_records_of_a_customer_and_is_listed(
    first: Path, merged: Path
) -> None:
    anna, twin = _customer_of(first, "crm C1"), _customer_of(first, "crm C4")
    bob = _customer_of(first, "crm C2")
    assert len({anna, twin, bob}) == 3
    records = ("crm C4", "billing B4", "usage U4")
    assert {_customer_of(first, record) for record in records} == {twin}
    assert {_customer_of(merged, record) for record in records} == {anna}
    assert _restated(merged) == {
        **dict.fromkeys(records, ("merge", twin, anna)),
        "support R8": ("new_link", None, bob),
    }
    assert _changes(merged) == {"merge": 3, "new_link": 1}


def test_a_restated_link_names_the_load_that_brought_the_evidence(merged: Path) -> None:
    loads = _rows(
        merged,
        """
        select restated.source_system, loads.table_name, loads.load_id > known.previous_load_id
        from scorecard.identity_restatements as restated
        inner join control.loads as loads on restated.evidence_load_id = loads.load_id
        cross join control.run_window as known
        where restated.source_key in (md5('C4'), md5('R8'))
        order by all
        """,
    )
    assert loads == [("crm", "customers", True), ("support", "requesters", True)]


def test_a_restated_link_widens_the_months_of_the_run(merged: Path) -> None:
    """New facts are of March; Anna's first is of January, before C4's; the history is older."""
    earliest = _rows(
        merged,
        "select min(earliest_fact_date) from control.loads, control.run_window "
        "where load_id > previous_load_id",
    )
    assert earliest == [(date(2023, 3, 2),)]
    months = [(date(2023, 1, 31), date(2023, 3, 31))]
    assert _rows(merged, "select first_month, last_month from control.run_window") == months
    record = "select first_month, last_month from control.runs where run_id = 'merged'"
    assert _rows(merged, record) == months
    history_start = _rows(merged, "select history_start from control.run_window")
    assert history_start == [(date(2022, 12, 31),)]


def test_older_months_carry_the_customer_of_a_restated_link(first: Path, merged: Path) -> None:
    anna, twin = _customer_of(first, "crm C1"), _customer_of(first, "crm C4")
    lines = (
        "select month_end, amount from core.int_billing_lines where customer_id = '{}' order by all"
    )
    assert _rows(first, lines.format(twin)) == [(date(2023, 2, 28), Decimal(40))]
    assert _rows(merged, lines.format(twin)) == []
    assert _rows(merged, lines.format(anna)) == [
        (date(2023, 1, 31), Decimal(10)),
        (date(2023, 2, 28), Decimal(11)),
        (date(2023, 2, 28), Decimal(40)),
        (date(2023, 3, 31), Decimal(41)),
    ]
    assert _revenue(first, twin) == {"2023-02": 40}
    assert _revenue(merged, twin) == {}
    assert _revenue(merged, anna) == {"2023-01": 10, "2023-02": 51, "2023-03": 41}


def test_evidence_undoes_a_merge_and_the_customer_is_back(first: Path, split: Path) -> None:
    """A number that was given away proves no link; what two customers wrote is nobody's."""
    anna, twin = _customer_of(first, "crm C1"), _customer_of(first, "crm C4")
    bob, eve = _customer_of(first, "crm C2"), _customer_of(first, "billing B9")
    assert _restated(split) == {
        **dict.fromkeys(("crm C4", "billing B4", "usage U4"), ("split", anna, twin)),
        "survey P1": ("unlinked", anna, None),
        **dict.fromkeys(("billing B9", "survey P9"), ("merge", eve, bob)),
    }
    assert _changes(split) == {"split": 3, "merge": 2, "unlinked": 1}
    assert _revenue(split, anna) == {"2023-01": 10, "2023-02": 11, "2023-03": 0, "2023-04": 0}
    assert _revenue(split, twin) == {"2023-02": 40, "2023-03": 41, "2023-04": 42}


def test_a_decision_by_hand_undoes_a_merge_and_the_customer_is_back(
    first: Path, merged: Path, separated: Path
) -> None:
    links, before = _links(separated), _links(first)
    assert _customer_of(merged, "crm C4") == _customer_of(merged, "crm C1")
    assert _customer_of(separated, "crm C4") != _customer_of(separated, "crm C1")
    # R8 said who it is after the merge; the address of P1 is of two customers now.
    later = {("support", "R8"), ("survey", "P1")}
    assert {record: links[record] for record in before.keys() - later} == {
        record: before[record] for record in before.keys() - later
    }
    twice = "select merged_customer_count from scorecard.identity_summary "
    twice += "where source_system = 'all'"
    assert (_rows(merged, twice), _rows(separated, twice)) == ([(2,)], [(1,)])


def test_a_decision_by_hand_builds_every_month_again(separated: Path) -> None:
    """Nothing new was loaded, so the loads do not say which months the decision touches."""
    months = _rows(separated, "select first_month, history_start from control.run_window")
    assert months == [(date(2022, 12, 31), date(2022, 12, 31))]


def test_a_decision_by_hand_is_listed(first: Path, separated: Path) -> None:
    anna, twin = _customer_of(first, "crm C1"), _customer_of(first, "crm C4")
    assert _restated(separated) == {
        **dict.fromkeys(("crm C4", "billing B4", "usage U4"), ("split", anna, twin)),
        "survey P1": ("unlinked", anna, None),
    }
    assert _changes(separated) == {"split": 3, "unlinked": 1}


def test_links_do_not_depend_on_the_order_of_delivery(split: Path, at_once: Path) -> None:
    """C3 gives the key, though its duplicate was loaded before it."""
    assert _rows(at_once, "select system from control.loads where load_id = 1") == [("marketing",)]
    assert _links(at_once) == _links(split)
    assert _links(at_once)["crm", "C3"][1] == "own_id"


@pytest.mark.parametrize("table", ["core.int_billing_lines", "core.int_customer_months"])
def test_restated_months_are_those_of_one_run_over_everything(
    split: Path, at_once: Path, table: str
) -> None:
    with compared(split, at_once) as both:
        assert both.rows_that_differ(table) == 0


# Marketing has no records of its own, so it goes with another system.
@pytest.mark.parametrize(
    "missing", [("support",), ("survey",), ("usage", "marketing")], ids="-".join
)
def test_without_an_optional_system_the_others_keep_their_links(
    company: Company, at_once: Path, tmp_path: Path, missing: tuple[str, ...]
) -> None:
    """U5 has an address of R5's, P8 one of R8's, of whom alone it is known whose they are."""
    landing = _deliver(tmp_path, *DELIVERIES)
    for system in missing:
        shutil.rmtree(landing / system)
    run = company.run("without_" + missing[0], landing, select=["+int_identity_links"])
    whole = _links(at_once)
    kept = {record: link for record, link in whole.items() if record[0] not in missing}
    assert len(kept) < len(whole)
    assert _links(run) == kept
    assert whole["usage", "U5"] == whole["survey", "P8"] == (None, "unresolved")
