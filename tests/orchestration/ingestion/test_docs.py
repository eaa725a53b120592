"""The pages about sources say what the contracts say, and every example on them works."""

import re
from pathlib import Path

import pytest

from orchestration.ingestion.contract import ENCODINGS, load_contracts
from orchestration.ingestion.delivery import Database, read_deliveries
from orchestration.ingestion.docs import PAGE, render_sources

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "connect-a-source.md").read_text(encoding="utf-8")
# Each example begins with a comment that says which file it is.
EXAMPLES = re.findall(r"```yaml\n# landing/(\w+)/source\.yml\n(.*?)```", GUIDE, re.DOTALL)
VIEWS = re.search(r"```sql\n-- views for landing/support/source\.yml\n(.*?)```", GUIDE, re.DOTALL)
TOOL_COLUMNS = "_fivetran_deleted boolean, _ab_cdc_deleted_at text, _dlt_id text"


def test_the_page_is_in_step_with_the_contracts():
    rendered = render_sources(load_contracts(ROOT / "models" / "staging"))
    assert (ROOT / PAGE).read_text(encoding="utf-8") == rendered, (
        f"{PAGE} is behind the source YAMLs: run `python -m orchestration.ingestion.docs`"
    )


def test_every_system_table_and_column_stands_on_the_page():
    contracts = load_contracts(ROOT / "models" / "staging")
    page = render_sources(contracts)
    for contract in contracts:
        assert f"## System `{contract.system}`\n\n{contract.system_description}\n" in page
        section = page.split(f"### `{contract.title}`")[1].split("\n### ")[0]
        assert contract.description in section
        for column in contract.columns:
            assert f"| `{column.name}` | `{column.data_type}` |" in section


def test_the_page_says_what_differs_from_table_to_table(shop):
    ground = shop(
        more={
            "sold_at": ("timestamp", {"not_before": "dumped_at", "may_be_future": True}),
            "kind": ("varchar", {"accepted_values": ["a", "b"], "known_at": "dumped_at"}),
        },
        reference=True,
        csv={"delimiter": ";", "null_text": "NULL"},
        excel={"sheet": "Prices", "header_row": 2},
        freshness_days=7,
    )
    page = render_sources(load_contracts(ground.settings.contracts_root))
    for said in (
        "| [`shop`](#system-shop) | required | 0 | [`prices`](#shopprices) |",
        "What the shop sells.\n\nRequired; it counts as complete to the day of its newest fact.",
        '`shop/prices*`; CSV: delimiter `;`, quote `"`, escape `"`, utf-8, with a header; '
        "no value is written `NULL`; Excel: sheet `Prices`, names in row 2",
        "key: `product_id`; event time: `dumped_at`; a reference table",
        "stale after 7 days",
        "| `sold_at` | `timestamp` | no | not before `dumped_at`; may lie in the future |",
        "| `kind` | `varchar` | no | one of a, b | `dumped_at` |",
    ):
        assert said in page


def test_the_guide_shows_an_example_of_everything():
    assert GUIDE.count("```yaml") == len(EXAMPLES)
    text = "".join(example for _, example in EXAMPLES)
    for key in ("csv:", "file_pattern:", "columns:", "excel:", "database:", "cursor:", "where:"):
        assert key in text


def test_the_guide_names_every_encoding():
    for encoding in ENCODINGS:
        family, _, number = encoding.rpartition("-")
        if family != "iso-8859" and not re.fullmatch(r"windows-125[1-7]", encoding):
            assert f"`{encoding}`" in GUIDE, number


def _declared(folder: Path, system: str, text: str):
    (folder / system).mkdir(parents=True)
    (folder / system / "source.yml").write_text(text, encoding="utf-8")
    contracts = load_contracts(ROOT / "models" / "staging")
    return contracts, read_deliveries(folder, contracts)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_of_the_guide_is_a_source_file(tmp_path, number):
    system, text = EXAMPLES[number]
    contracts, deliveries = _declared(tmp_path, system, text)
    assert deliveries.databases or deliveries.contracts != contracts


@pytest.mark.parametrize(
    "number", [at for at, (_, text) in enumerate(EXAMPLES) if "database:" in text]
)
def test_every_database_of_the_guide_can_be_read(ground, server, monkeypatch, number):
    """Its tables are made with the columns that it names; then it is loaded."""
    system, text = EXAMPLES[number]
    _, deliveries = _declared(ground.settings.landing, system, text)
    (database,) = deliveries.databases
    schema = _made(database, server)
    monkeypatch.setenv(database.variable, server.uri)
    report = ground.ingest()
    assert {(result.status, result.message) for result in report.files} == {
        ("loaded", "it holds no row")
    }, report.files
    server.run(f"drop schema {schema} cascade")


def _made(database: Database, server) -> str:
    schema = database.tables[0].schema
    server.run(f"drop schema if exists {schema} cascade; create schema {schema}")
    for table in database.tables:
        columns = ", ".join(
            f"{table.contract.source_names.get(column.name, column.name)} {_type(column.data_type)}"
            for column in table.contract.columns
        )
        server.run(f"create table {schema}.{table.table} ({columns}, {TOOL_COLUMNS})")
    return schema


def _type(data_type: str) -> str:
    return "double precision" if data_type == "double" else data_type


ZENDESK = """
drop schema if exists zendesk cascade;
create schema zendesk;
create table zendesk.ticket (
    id bigint, requester_id bigint, type text, group_id bigint, via_channel text, priority text,
    status text, assignee_id bigint, created_at timestamptz, updated_at timestamptz
);
insert into zendesk.ticket values
    (1, 11, 'problem', 5, 'voice', null, 'solved', 7, '2011-03-01 10:00+00', '2011-03-03+00'),
    (2, 12, null, null, 'api', 'high', 'hold', null, '2011-03-02 10:00+00', '2011-03-02+00'),
    (3, 13, 'task', 5, 'email', 'low', 'deleted', 7, '2011-03-02 10:00+00', '2011-03-04+00');
create table zendesk.ticket_field_history (
    ticket_id bigint, field_name text, updated timestamptz, value text, user_id bigint
);
insert into zendesk.ticket_field_history values
    (1, 'status', '2011-03-01 10:00+00', 'new', 11), (1, 'priority', '2011-03-01+00', 'low', 7),
    (1, 'status', '2011-03-02 09:00+00', 'hold', 7), (1, 'status', '2011-03-03+00', 'solved', 7)
"""


def test_the_views_of_the_guide_give_rows_that_the_contract_takes(ground, server, monkeypatch):
    assert VIEWS is not None
    server.run(ZENDESK)
    server.run(VIEWS[1])
    (text,) = (text for system, text in EXAMPLES if system == "support" and "scorecard" in text)
    ground.write("support/source.yml", text)
    monkeypatch.setenv("SCORECARD_SUPPORT_DSN", server.uri)

    report = ground.ingest()

    assert [(result.rows_accepted, result.rows_quarantined) for result in report.files] == [
        (3, 0),
        (2, 0),
    ]
    assert ground.rows(
        "select ticket_id, ticket_kind, channel, priority, status, solved_at::varchar "
        "from raw.support__tickets order by 1"
    ) == [
        ("1", "incident", "phone", "normal", "solved", "2011-03-03 00:00:00"),
        ("2", "question", "web", "high", "pending", None),
    ]
    assert ground.rows(
        "select from_status, to_status, occurred_at::varchar from raw.support__ticket_events "
        "order by occurred_at"
    ) == [
        (None, "new", "2011-03-01 10:00:00"),
        ("new", "pending", "2011-03-02 09:00:00"),
        ("pending", "solved", "2011-03-03 00:00:00"),
    ]
    server.run("drop schema scorecard cascade; drop schema zendesk cascade")
