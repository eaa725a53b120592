"""The demo company is what its documentation says: loadable, dirty in known numbers, and true."""

import csv
import json
import shutil
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from examples.demo_company import prepare as preparing
from examples.demo_company.design import Design, SimulationError
from examples.demo_company.simulate import simulate
from examples.demo_company.tables import TABLES
from orchestration.ingestion.company import read_company
from orchestration.ingestion.contract import load_contracts
from orchestration.ingestion.ingest import ingest
from orchestration.settings import Settings
from orchestration.warehouse import connect
from tests.conftest import ROOT
from tests.examples.conftest import SMALL, SMALL_SEED, hashes

CUSTOMERS, MONTHS, SEED = 1500, 24, 4
# What is the same for every seed: what the company sells, asks and promises.
SAME_FOR_ALL = {
    "billing/products.csv", "billing/unit_costs.csv", "survey/programmes.csv",
    "survey/questions.csv", "support/sla_policies.csv", "support/business_calendars.csv",
    "support/holidays.csv", "marketing/campaigns.csv", "crm/product_launches.csv",
    "organisation/teams.csv", "organisation/targets.csv", "organisation/ahp_judgements.csv",
    "organisation/experiments.csv", "organisation/anchor_projects.csv", "company.yml",
    "crm/source.yml", "organisation/source.yml",
}  # fmt: skip


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    out = tmp_path_factory.mktemp("company")
    simulate(out, customers=CUSTOMERS, months=MONTHS, seed=SEED)
    return out


@pytest.fixture(scope="module")
def small_in_parquet(tmp_path_factory):
    out = tmp_path_factory.mktemp("small_in_parquet")
    simulate(out, **SMALL, seed=SMALL_SEED, file_format="parquet")
    return out


@pytest.fixture(scope="module")
def settings(company, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    return Settings.from_environment({}, home=home, landing=company / "landing")


@pytest.fixture(scope="module")
def report(settings):
    return ingest(settings, loaded_at=datetime.fromisoformat("2026-01-05"))


@pytest.fixture
def rows(company, settings, report):
    truth = company / "truth"

    def read(query):
        with connect(settings, read_only=True) as con:
            return con.execute(query.replace("truth/", f"{truth}/")).fetchall()

    return read


class TestBytes:
    def test_the_same_seed_gives_the_same_bytes(self, small_in_parquet, tmp_path):
        simulate(tmp_path, **SMALL, seed=SMALL_SEED, file_format="parquet")
        assert hashes(tmp_path) == hashes(small_in_parquet)

    def test_another_seed_gives_another_company(self, small, tmp_path):
        simulate(tmp_path, **SMALL, seed=SMALL_SEED + 1)
        other, these = hashes(tmp_path / "landing"), hashes(small / "landing")
        assert {name for name in these if these[name] == other.get(name)} == SAME_FOR_ALL

    def test_it_is_the_same_company_in_parquet(self, small, small_in_parquet):
        names = set(hashes(small_in_parquet / "landing")) - {"company.yml"}
        assert {Path(name).suffix for name in names} == {".parquet"}
        mixed, parquet = hashes(small / "truth"), hashes(small_in_parquet / "truth")
        assert {name for name in mixed if mixed[name] != parquet.get(name)} == {
            "dirty_rows.csv", "files.csv",
        }  # fmt: skip

    def test_nothing_is_left_of_the_work(self, company):
        assert sorted(path.name for path in company.iterdir()) == ["landing", "truth"]

    def test_the_list_of_files_is_right(self, company):
        assert _listed(company / "truth") == hashes(company / "landing")


class TestLandingArea:
    def test_files_of_others_are_left_alone(self, tmp_path):
        foreign = tmp_path / "landing" / "crm" / "customers.csv"
        foreign.parent.mkdir(parents=True)
        foreign.write_text("not ours", encoding="utf-8")
        with pytest.raises(SimulationError, match=r"crm/customers\.csv"):
            simulate(tmp_path, **SMALL, seed=1)
        assert foreign.read_text(encoding="utf-8") == "not ours"

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ({"customers": 10, "months": 12, "seed": 1}, "10 customers"),
            ({"customers": 300, "months": 1, "seed": 1}, "1 months"),
            ({**SMALL, "seed": 1, "last_month": date(2025, 12, 30)}, "2025-12-30"),
            ({**SMALL, "seed": 1, "file_format": "paper"}, "paper"),
        ],
    )
    def test_what_cannot_be_simulated_is_refused(self, tmp_path, arguments, said):
        with pytest.raises(SimulationError, match=said):
            simulate(tmp_path, **arguments)
        assert list(tmp_path.iterdir()) == []

    def test_it_says_once_that_the_company_is_simulated(self, small):
        notice = read_company(small / "landing").notice
        assert notice == "Simulated figures: Demo Company does not exist."

    def test_prepare_replaces_what_a_simulation_wrote_as_a_whole(
        self, small, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(preparing, "CUSTOMERS", 100)
        monkeypatch.setattr(preparing, "MONTHS", 3)
        area = tmp_path / "area"
        shutil.copytree(small / "landing", area)
        shutil.copytree(small / "truth", tmp_path / "truth")
        old = area / "crm" / "customers_2020.csv"
        old.write_text("of an older simulation", encoding="utf-8")
        with (tmp_path / "truth" / "files.csv").open("a", encoding="utf-8") as stream:
            stream.write("crm/customers_2020.csv,22,0\n")
        written = preparing.prepare(area)
        assert (written.landing, written.truth) == (area, tmp_path / "truth")
        assert not old.exists()
        assert _listed(written.truth) == hashes(area) != hashes(small / "landing")

    def test_larger_companies_have_files_for_shorter_periods(self):
        day = date(2025, 12, 31)
        assert [label for label, _, _ in Design(2000, 14, 1, day).periods] == ["2024", "2025"]
        assert Design(100_000, 4, 1, day).periods == (("2025q3", 0, 0), ("2025q4", 1, 3))
        assert Design(1_000_000, 3, 1, day).periods[0] == ("2025-10", 0, 0)


@pytest.mark.slow
class TestLoading:
    def test_every_table_of_every_contract_has_a_file(self, report, settings):
        contracts = {contract.title for contract in load_contracts(settings.contracts_root)}
        assert {table.title for table in TABLES} == contracts
        loaded = {f"{result.system}.{result.table_name}" for result in report.files}
        assert loaded == contracts

    def test_every_file_is_loaded(self, report):
        assert [result.message for result in report.of_status("refused")] == []
        assert report.unmatched == ()

    def test_what_is_refused_is_what_was_made_wrong(self, report, company):
        planted = Counter(
            {
                (row["system"], row["table_name"], row["rule"]): 0
                for row in _dirty_rows(company)
                if row["outcome"] == "quarantined"
            }
        )
        for row in _dirty_rows(company):
            if row["outcome"] == "quarantined":
                planted[(row["system"], row["table_name"], row["rule"])] += int(row["row_count"])
        refused = Counter()
        for result in report.files:
            for group in result.quarantined:
                refused[(result.system, result.table_name, group.rule)] += group.row_count
        assert refused == planted
        assert len(planted) >= 9

    def test_no_file_comes_near_the_share_that_stops_it(self, report):
        assert all(result.rows_quarantined < 0.01 * result.rows_read for result in report.files)

    def test_the_column_that_nobody_knows_is_reported(self, report):
        assert [(r.table_name, r.extra_columns) for r in report.files if r.extra_columns] == [
            ("payments", "batch_no")
        ]

    def test_a_full_dump_repeats_mostly_what_is_known(self, report):
        dumps = [result for result in report.files if result.table_name == "customers"]
        assert len(dumps) == 2
        assert dumps[-1].rows_unchanged > 0.6 * dumps[-1].rows_read

    def test_duplicates_are_counted_and_not_stored(self, report, company):
        for row in _dirty_rows(company):
            if row["outcome"] == "unchanged" and row["table_name"] != "customers":
                unchanged = sum(
                    result.rows_unchanged
                    for result in report.files
                    if (result.system, result.table_name) == (row["system"], row["table_name"])
                )
                assert unchanged == int(row["row_count"])

    def test_no_invoice_or_credit_note_has_one_product_on_two_lines(self, rows):
        for table, document in (
            ("invoice_lines", "invoice_id"),
            ("credit_notes", "credit_note_id"),
        ):
            ((lines, products),) = rows(
                f"select count(*), count(distinct ({document}, product_id)) "
                f"from raw.billing__{table}"
            )
            assert lines == products > 0

    def test_what_models_flag_is_there_in_the_planted_number(self, rows, company):
        flagged = {
            row["case_name"]: int(row["row_count"])
            for row in _dirty_rows(company)
            if row["outcome"] == "flagged"
        }
        ((payments, currency, early, scale, overlap, hours, forgotten, disordered),) = rows(
            """
            with states as (
                select complaint_id, occurred_at, list_position([
                    'received', 'classified', 'assessed', 'solved', 'won_back', 'improved'
                ], state) as number
                from raw.support__complaint_events
            )
            select
                (select count(*) from raw.billing__payments anti join raw.billing__invoices
                    using (invoice_id)),
                (select count(*) from raw.billing__invoices where currency not in (
                    select currency from raw.billing__exchange_rates)),
                (select count(distinct ticket_id) from raw.support__tickets as tickets
                    inner join 'truth/identity.parquet' as asked
                        on asked.system = 'support' and asked.source_id = tickets.requester_id
                    inner join 'truth/customers.parquet' as customers using (true_customer_id)
                    where tickets.created_at < customers.joined_on),
                (select count(*) from raw.survey__responses inner join (
                    select question_id, max(scale_max) as top from raw.survey__questions group by 1
                ) using (question_id) where answer > top),
                (select count(*) from (
                    select distinct subscription_id, customer_id, product_id, started_at
                    from raw.billing__subscriptions
                ) as later inner join (
                    select customer_id, product_id, started_at, subscription_id,
                        max(ended_at) as ended_at
                    from raw.billing__subscriptions group by all
                ) as earlier using (customer_id, product_id)
                where later.subscription_id <> earlier.subscription_id
                    and later.started_at > earlier.started_at
                    and (earlier.ended_at is null or later.started_at < earlier.ended_at)),
                (select count(*) from raw.support__business_calendars where opens_minute is null),
                (select count(*) from (
                    select complaint_id from states group by complaint_id
                    having max(number) > count(*))),
                (select count(distinct complaint_id) from states
                    inner join states as later using (complaint_id)
                    where later.number > states.number and later.occurred_at < states.occurred_at)
            """
        )
        assert flagged.pop("a customer number used again for another person") == 1
        assert flagged == {
            "a payment without invoice": payments,
            "a currency without rate": currency,
            "opened before the customer signed up": early,
            "an answer off its scale": scale,
            "overlaps another of the same plan": overlap,
            "a calendar without hours": hours,
            "solved, never assessed": forgotten,
            "assessed after it was solved": disordered,
        }
        assert forgotten == disordered > 0


@pytest.mark.slow
class TestTime:
    def test_systems_begin_one_after_the_other(self, rows):
        ((billing, survey, usage),) = rows(
            """
            select
                (select min(invoiced_at)::date from raw.billing__invoices),
                (select min(sent_at)::date from raw.survey__invitations),
                (select min(usage_date) from raw.usage__daily_counts)
            """
        )
        assert billing < date(2024, 1, 3)
        assert date(2024, 4, 1) <= survey < date(2024, 4, 20)
        assert usage == date(2024, 7, 1)

    def test_the_newest_month_of_marketing_is_late(self, rows):
        assert rows("select max(touched_at) < '2025-12-01' from raw.marketing__touches") == [
            (True,)
        ]
        assert rows("select max(occurred_at) > '2025-12-20' from raw.crm__interactions") == [
            (True,)
        ]

    def test_some_rows_come_with_a_later_file(self, rows):
        for table, at in (
            ("billing__invoices", "invoiced_at"),
            ("billing__payments", "paid_at"),
            ("usage__daily_counts", "usage_date"),
        ):
            ((late, total),) = rows(
                f"select count(*) filter ({at} < '2025-01-01' and _file like '%2025%'), count(*) "
                f"from raw.{table}"
            )
            assert 0 < late < 0.01 * total


@pytest.mark.slow
class TestIdentity:
    def test_every_number_has_an_owner(self, rows):
        for system, table, key in _CUSTOMER_TABLES:
            assert rows(
                f"select count(*) from (select distinct {key} as source_id from raw.{table}) "
                f"anti join (from 'truth/identity.parquet' where system = '{system}') "
                "using (source_id)"
            ) == [(0,)]

    def test_most_can_be_linked_without_guessing(self, rows):
        ((linked, total),) = rows(_LINKABLE)
        assert total > 3000
        assert linked / total > 0.985

    def test_numbers_and_addresses_alone_would_mislead(self, rows):
        traps = dict(
            rows("select trap, count(*) from 'truth/customers.parquet' group by trap order by trap")
        )
        assert set(traps) - {None} == {
            "reused_email", "family_email", "shared_info_email", "same_name_same_town",
            "reused_crm_id",
        }  # fmt: skip
        ((shared,),) = rows(
            "select count(*) from (select email from raw.crm__customers group by email "
            "having count(distinct customer_id) > 1)"
        )
        assert shared > 20

    def test_the_renamed_have_a_new_version(self, rows):
        ((renamed, versions),) = rows(
            """
            select count(*), count(*) filter (names > 1)
            from (
                select true_customer_id, count(distinct customer_name) as names
                from 'truth/customers.parquet'
                inner join 'truth/identity.parquet' using (true_customer_id)
                inner join raw.crm__customers on customer_id = source_id
                where system = 'crm' and rename_on <= date '2025-12-31'
                group by true_customer_id
            )
            """
        )
        assert renamed == versions > 5


@pytest.mark.slow
class TestTruth:
    def test_recurring_revenue_follows_from_the_changes(self, rows):
        differing = rows(_MRR_DIFFERENCES)
        assert differing == []
        ((total,),) = rows("select count(*) from 'truth/mrr.parquet'")
        assert total > 8000

    def test_who_leaves_was_less_satisfied_before(self, rows):
        ((leavers, others),) = rows(
            """
            select
                avg(satisfaction) filter (left_on between month_end + 1 and month_end + 31),
                avg(satisfaction) filter (left_on is null and is_active)
            from 'truth/states/*.parquet'
            left join (from 'truth/departures.parquet' where not is_involuntary)
                using (true_customer_id)
            """
        )
        assert leavers < others - 0.3

    def test_the_chance_of_leaving_is_what_happens(self, rows):
        ((expected, happened),) = rows(
            """
            select sum(p_churn_voluntary + p_churn_involuntary),
                (select count(*) from 'truth/departures.parquet')
            from 'truth/states/*.parquet'
            """
        )
        assert abs(happened - expected) < 3 * expected**0.5

    def test_who_is_unhappy_answers_less(self, rows):
        answered = dict(rows(_ANSWERS))
        assert answered["unhappy"] < answered["happy"] - 0.05

    def test_the_crisis_brings_many_times_the_tickets_of_its_topic(self, rows, company):
        """Eight times for 7.5 % of the subscribers; in a company this small a sixth are hit."""
        crisis = _effects(company)["service_crisis"]
        ((ratio,),) = rows(
            f"""
            select
                count(*) filter (created_at::date between '{crisis["from"]}' and '{crisis["to"]}')
                / (count(*) filter (
                    created_at::date not between '{crisis["from"]}' and '{crisis["to"]}'
                ) / (731 - 14) * 14)
            from (select distinct ticket_id, created_at, topic from raw.support__tickets)
            where topic = '{crisis["topic"]}'
            """
        )
        expected = 1 + 7 * (250 / CUSTOMERS) / 0.075
        assert 0.6 * expected < ratio < 1.4 * expected

    def test_the_crisis_lowers_the_satisfaction_of_whom_it_hit(self, rows, company):
        day = _effects(company)["service_crisis"]["from"]
        ((hit, others),) = rows(
            f"""
            select
                avg(change) filter (case_name is not null),
                avg(change) filter (case_name is null)
            from (
                select true_customer_id, month_end, satisfaction - lag(satisfaction) over (
                    partition by true_customer_id order by month_end
                ) as change
                from 'truth/states/*.parquet'
            )
            left join (from 'truth/planted_cases.csv' where case_name = 'service_crisis') as hit
                using (true_customer_id)
            where month_end = last_day(date '{day}')
            """
        )
        assert hit < others - 0.6

    def test_the_experiment_lowers_the_chance_of_leaving(self, rows, company):
        effect = _effects(company)["experiment"]
        chance = dict(
            rows(
                f"""
                select case_name, avg(p_churn_voluntary / (1 - p_churn_voluntary))
                from 'truth/states/*.parquet'
                inner join (
                    from 'truth/planted_cases.csv' where case_name like 'experiment%'
                ) using (true_customer_id)
                where month_end between '{effect["from"]}' and '{effect["to"]}'
                group by case_name
                """
            )
        )
        ratio = chance["experiment_treatment"] / chance["experiment_control"]
        assert 0.3 < ratio < 0.6
        realised = effect["realised"]
        left = {arm: it["left_while_it_ran"] / it["customers"] for arm, it in realised.items()}
        assert left["treatment"] < left["control"]
        assert dict(
            rows(
                "select arm, count(*) from raw.organisation__experiment_assignments "
                "where experiment_id = 'EXP-1' group by arm"
            )
        ) == {arm: it["customers"] for arm, it in realised.items()}

    def test_silent_leavers_say_nothing_fade_and_leave(self, rows):
        found = rows(
            """
            select
                cases.true_customer_id,
                (
                    select count(*) from raw.support__tickets
                    inner join 'truth/identity.parquet' as asked
                        on system = 'support' and source_id = requester_id
                    where asked.true_customer_id = cases.true_customer_id
                ) as tickets,
                (
                    select arg_min(engagement, month_end) - arg_max(engagement, month_end)
                    from 'truth/states/*.parquet' as states
                    where states.true_customer_id = cases.true_customer_id
                        and month_end between from_on - 31 and to_on
                ) as lost_engagement,
                left_on = to_on as has_left,
            from 'truth/planted_cases.csv' as cases
            left join 'truth/departures.parquet' using (true_customer_id)
            where case_name = 'silent_leaver'
            """
        )
        assert len(found) >= 4
        assert all(tickets == 0 and has_left for _, tickets, _, has_left in found)
        assert all(lost > 0.5 for _, _, lost, _ in found)

    def test_key_customers_of_one_region_are_served_as_tier_c(self, rows):
        served = rows(
            """
            select distinct sla_policy_id
            from raw.support__tickets
            inner join 'truth/identity.parquet' on system = 'support' and source_id = requester_id
            inner join 'truth/planted_cases.csv' as cases using (true_customer_id)
            where case_name = 'wrong_tier_service' and created_at::date between from_on and to_on
            """
        )
        assert served == [("SLA-C",)]

    def test_a_fifth_of_the_customers_gives_most_of_the_revenue(self, rows):
        tiers = {
            tier: (share_of_customers, share_of_value)
            for tier, share_of_customers, share_of_value in rows(
                "select tier, count(*) / sum(count(*)) over (), "
                "sum(planned_value) / sum(sum(planned_value)) over () "
                "from 'truth/customers.parquet' group by tier"
            )
        }
        assert tiers.keys() == {"A", "B", "C", "D"}
        assert tiers["A"][0] < 0.3
        assert tiers["A"][1] > 0.75


_CUSTOMER_TABLES = (
    ("crm", "crm__customers", "customer_id"),
    ("billing", "billing__accounts", "customer_id"),
    ("support", "support__requesters", "requester_id"),
    ("survey", "survey__respondents", "respondent_id"),
    ("usage", "usage__accounts", "account_id"),
)

# By number, by address as it is meant, by the last nine digits of the telephone.
_LINKABLE = """
with known as (
    select email, phone from raw.crm__customers union select email, phone from raw.crm__contacts
),
emails as (select distinct lower(email) as email from known),
phones as (select distinct right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) as phone from known),
records as (
    select 'b' || customer_id as id, crm_customer_id, email, phone from raw.billing__accounts
    union all
    select 'r' || requester_id, crm_customer_id, email, phone from raw.support__requesters
    union all
    select 'p' || respondent_id, crm_customer_id, email, phone from raw.survey__respondents
    union all
    select 'u' || account_id, crm_customer_id, email, null from raw.usage__accounts
)
select count(*) filter (is_linked), count(*)
from (
    select id, bool_or(
        crm_customer_id is not null
        or regexp_replace(lower(trim(email)), '[+][^@]*@', '@') in (select email from emails)
        or coalesce(
            right(regexp_replace(phone, '[^0-9]', '', 'g'), 9) in (select phone from phones), false
        )
    ) as is_linked
    from records
    group by id
)
"""

_MRR_DIFFERENCES = """
with changes as (
    select
        *,
        lag(unit_price) over by_day as price_before,
        lag(product_id) over by_day as product_before,
        lead(effective_at) over by_day as until,
    from raw.billing__subscription_changes
    where subscription_id not like '%-D%'
    window by_day as (partition by subscription_id order by effective_at)
),
priced as (
    select
        *,
        max(case
            when change_kind in ('start', 'resume') or unit_price <> price_before
                or product_id is distinct from product_before
                then effective_at
        end) over (partition by subscription_id order by effective_at) as price_since,
    from changes
),
computed as (
    select
        true_customer_id,
        month_end,
        sum(round(quantity * unit_price * rate, 4)) as mrr,
    from priced
    inner join (select distinct month_end from 'truth/mrr.parquet') as months
        on effective_at <= month_end and coalesce(until > month_end, true)
    inner join raw.billing__exchange_rates as rates
        on rates.currency = priced.currency and rate_date = date_trunc('month', price_since)
    inner join (
        select distinct subscription_id, customer_id from raw.billing__subscriptions
    ) using (subscription_id)
    inner join 'truth/identity.parquet' on system = 'billing' and source_id = customer_id
    where quantity > 0
    group by all
)
select true_customer_id, month_end, computed.mrr, truth.mrr
from computed
full join 'truth/mrr.parquet' as truth using (true_customer_id, month_end)
where computed.mrr is distinct from truth.mrr
"""

_ANSWERS = """
select
    case when satisfaction < -0.2 then 'unhappy' when satisfaction > 0.5 then 'happy' end as mood,
    avg((invitation_id in (select invitation_id from raw.survey__responses))::integer),
from raw.survey__invitations
inner join 'truth/identity.parquet' on system = 'survey' and source_id = respondent_id
inner join 'truth/states/*.parquet' as states using (true_customer_id)
where programme_id = 'REL' and month_end = last_day((sent_at - interval 1 month)::date)
    and is_delivered
group by mood
"""


def _dirty_rows(company: Path) -> list[dict[str, str]]:
    with (company / "truth" / "dirty_rows.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _effects(company: Path):
    return json.loads((company / "truth" / "effects.json").read_text(encoding="utf-8"))


def _listed(truth: Path) -> dict[str, str]:
    with (truth / "files.csv").open(encoding="utf-8") as stream:
        return {row["file"]: row["sha256"] for row in csv.DictReader(stream)}


def test_the_assessments_answer_the_questionnaire_of_the_product(company):
    """Every practice, and no other, is spoken of; some were forgotten in a dimension."""
    with (ROOT / "dbt_project/seeds/cmat_questionnaire.csv").open(encoding="utf-8") as file:
        asked = {row["practice_id"] for row in csv.DictReader(file)}
    (path,) = (company / "landing" / "organisation").glob("cmat_answers*")
    with path.open(encoding="utf-8") as file:
        answers = list(csv.DictReader(file))
    assert {row["practice_id"] for row in answers} == asked
    by_assessment = Counter(row["assessment_id"] for row in answers)
    whole = len(asked) * 2 * 3
    assert all(0.9 * whole < count < whole for count in by_assessment.values())
