"""Catalogue, models, contract and page say the same of every indicator, or it is said where not."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration import profiles_page
from orchestration.catalogue import (
    CONTRACT,
    MART_SQL,
    MODELS,
    PAGE,
    SEED,
    SYSTEMS,
    contract_columns,
    find_problems,
    main,
    read_catalogue,
    write_catalogue,
)
from orchestration.catalogue_terms import LOADER, CatalogueError
from orchestration.group_measures import MARTS, PROJECT, read_group_measures
from orchestration.group_measures import SEED as GROUP_SEED
from orchestration.ingestion.contract import load_contracts
from orchestration.settings import Settings

ROOT = Path(__file__).parents[2]
INDICATOR = "purchase_regularity_12m"
MEASURE = "service_by_tier,sla_met_ratio"
SERVICE_YAML = MARTS / "service" / "_service__models.yml"
RETENTION_YAML = MODELS / "_indicators__models.yml"


def test_all_agree() -> None:
    assert find_problems(ROOT) == []
    assert len(read_catalogue(ROOT)) >= 160
    assert len(read_group_measures(ROOT)) >= 100


def test_marts_of_every_kind_of_group_have_their_measures() -> None:
    assert {each.mart for each in read_group_measures(ROOT)} >= {
        "anchor_attainment",
        "complaint_episodes",
        "journey_funnel",
        "nps_by_group",
        "portfolio_indicators",
        "rhi_alert_performance",
        "service_by_tier",
        "stage_transitions",
        "team_indicators",
        "tier_indicators",
    }


def test_the_systems_and_tables_that_indicators_need_are_there() -> None:
    contracts = load_contracts(ROOT / "models" / "staging")
    assert {each.system for each in contracts} - {"billing", "crm"} == SYSTEMS
    tables = {f"{each.system}.{each.name}" for each in contracts}
    for each in read_catalogue(ROOT):
        assert not each.needed_systems & each.further_systems
        assert set(each.needs_table.split(" or ")) <= tables | {""}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of all that the catalogue is held against, to be broken."""
    of_profiles = [profiles_page.SEEDS / f"{seed}.csv" for seed in profiles_page.READS]
    for path in (SEED, GROUP_SEED, PAGE, PROJECT, profiles_page.PAGE, *of_profiles):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    for path in (MARTS, MODELS):
        shutil.copytree(ROOT / path, tmp_path / path)
    return tmp_path


Edit = Callable[[str], str]


def in_row(pattern: str, replacement: str, row: str = INDICATOR) -> Edit:
    """Change one row of the seed, the indicator's, and no other."""

    def edit(text: str) -> str:
        lines = text.splitlines(keepends=True)
        (number,) = (n for n, line in enumerate(lines) if line.startswith(f"{row},"))
        lines[number] = re.sub(pattern, replacement, lines[number])
        return "".join(lines)

    return edit


def in_measure(pattern: str, replacement: str) -> Edit:
    """Change the row of the measure of a group."""
    return in_row(pattern, replacement, MEASURE)


def without_column(model: str, name: str = INDICATOR) -> Edit:
    """Take a column, the indicator's, out of a model's YAML."""

    def edit(text: str) -> str:
        start = text.index(f"  - name: {model}\n")
        column = re.compile(rf"      - name: {name}\n(?:        .*\n)+")
        return text[:start] + column.sub("", text[start:], count=1)

    return edit


def replaced(old: str, new: str) -> Edit:
    return lambda text: text.replace(old, new, 1)


# File, what is broken in it, and what a person is told: the place, the thing, the remedy.
FAULTS = {
    "a prediction that its mart has not": (
        SEED,
        in_row("^churn_probability,", "churn_chance,", "churn_probability"),
        [f"{SEED}: churn_chance: predictions has no such column. Mend the id or the mart."],
    ),
    "a target that the page does not know": (
        profiles_page.SEEDS / "targets.csv",
        replaced("nps_answer,A,2009-01-01,0,8,10", "nps_answer,A,2009-01-01,0,9,10"),
        [f"{profiles_page.PAGE}: not as the seeds of the scorecards say. Run"],
    ),
    "a prediction in another unit": (
        SEED,
        in_row(",ratio,", ",flag,", "churn_probability"),
        ["churn_probability: predictions has it as double, its unit is flag, which is boolean."],
    ),
    "a prediction that claims to count rows": (
        SEED,
        in_row(r",\n$", ",line_count_12m\n", "churn_probability"),
        [f"{SEED}: churn_probability: source_rows_column is filled. Leave it empty"],
    ),
    "the seed's unit": (
        SEED,
        in_row(",ratio,", ",percent,"),
        [f"{SEED}: {INDICATOR}: unit is 'percent'. It may be GBP, GBP per lead, class"],
    ),
    "a unit that does not fit the type": (
        SEED,
        in_row(",ratio,", ",flag,"),
        [f"{CONTRACT}: {INDICATOR} is double", "its unit in", "flag, which is boolean. Mend"],
    ),
    "no Chinese name": (
        SEED,
        in_row("购买规律性", "Regularity"),
        [f"{SEED}: {INDICATOR}: name_zh is 'Regularity'. Give the name in Chinese."],
    ),
    "Chinese in the English text": (
        SEED,
        in_row("Purchase regularity", "购买规律性"),
        [f"{SEED}: {INDICATOR}: name has Chinese in it"],
    ),
    "no purpose": (
        SEED,
        in_row(r"(,sales,)[^,]+,", r"\1,"),
        [f"{SEED}: {INDICATOR}: purpose is empty. Fill it in."],
    ),
    "an owner whom nobody knows": (
        SEED,
        in_row(",sales,", ",nobody,"),
        [f"{SEED}: {INDICATOR}: owner is 'nobody'. It may be customer experience"],
    ),
    "a number that is none": (
        SEED,
        in_row(r",\d+,45,", ",many,45,"),
        [f"{SEED}: {INDICATOR}: min_n is 'many'. It is a whole number from 1 on."],
    ),
    "a system that there is not": (
        SEED,
        in_row("ind_retention,([^,]*),,", r"ind_retention,\1,telephone,"),
        [f"{SEED}: {INDICATOR}: needs_system names telephone. It may name marketing"],
    ),
    "a column that cannot show it": (
        SEED,
        in_row(r",purchase_regularity_12m,(\w+\n)", r",gap_count_12m,\1"),
        [f"{SEED}: {INDICATOR}: presence_column is 'gap_count_12m', no column"],
    ),
    "rows behind it that are not published": (
        SEED,
        in_row(r",\w+\n", ",gap_count_12m\n"),
        ["source_rows_column is 'gap_count_12m', no column of customer_indicators. Name"],
    ),
    "rows behind it that are no count": (
        SEED,
        in_row(r",\w+\n", ",loyalty_index\n"),
        ["source_rows_column is 'loyalty_index', of type double. Name a published column"],
    ),
    "a name that another has": (
        SEED,
        in_row("Purchase regularity", "Loyalty index"),
        [f"{SEED}: name 'Loyalty index' stands in 2 rows. Each needs its own."],
    ),
    "a model that nobody knows": (
        SEED,
        in_row("ind_retention", "ind_nothing"),
        [
            "orchestration/catalogue.py: FAMILIES has no ind_nothing",
            f"{MART_SQL}: its list of models has no ind_nothing",
            f"{MODELS}: no _*__models.yml describes ind_nothing",
        ],
    ),
    "other words in the contract": (
        SEED,
        in_row("One less the", "One minus the"),
        [
            f"{CONTRACT}: {INDICATOR} is described in other words than in {SEED}. Run `python",
            f"{PAGE}: not as {SEED} says. Run `python -m orchestration.catalogue`.",
        ],
    ),
    "a row taken out": (
        SEED,
        in_row("(?s).*", ""),
        [f"{CONTRACT}: customer_indicators has {INDICATOR}, which is not in {SEED}. Run"],
    ),
    "a column that its model does not describe": (
        RETENTION_YAML,
        without_column("ind_retention"),
        [f"{RETENTION_YAML}: ind_retention does not describe its column {INDICATOR}. Add"],
    ),
    "a column missing in the contract": (
        CONTRACT,
        without_column("customer_indicators"),
        [
            f"{CONTRACT}: customer_indicators has no {INDICATOR}, which is in {SEED}. Build it "
            "with `dbt run --full-refresh -s ind_retention`, then run `python"
        ],
    ),
    "another name in the contract": (
        CONTRACT,
        replaced("      - name: raw_tier\n", "      - name: tier_raw\n"),
        [f"{CONTRACT}: not as {SEED} says. Run"],
    ),
    "a measure's owner whom nobody knows": (
        GROUP_SEED,
        in_measure(",customer service,", ",nobody,"),
        [f"{GROUP_SEED}: service_by_tier.sla_met_ratio: owner is 'nobody'. It may be customer"],
    ),
    "a measure without a Chinese description": (
        GROUP_SEED,
        in_measure("规定时限[^,]*,", "Share in time,"),
        ["service_by_tier.sla_met_ratio: description_zh is 'Share in time'. Give the description"],
    ),
    "a measure's unit that does not fit the type": (
        GROUP_SEED,
        in_measure(",ratio,", ",flag,"),
        [f"{SERVICE_YAML}: service_by_tier.sla_met_ratio is double", "flag, which is boolean."],
    ),
    "cases that are not published": (
        GROUP_SEED,
        in_measure(",sla_met_cases,", ",sla_cases,"),
        ["sla_met_ratio: n_column is 'sla_cases', no column of service_by_tier."],
    ),
    "cases that are no number": (
        GROUP_SEED,
        in_measure(",sla_met_cases,", ",tier,"),
        ["sla_met_ratio: n_column is 'tier', of type varchar."],
    ),
    "no cases": (
        GROUP_SEED,
        in_measure(",sla_met_cases,", ",,"),
        ["sla_met_ratio: n_column is empty. Name the column that counts"],
    ),
    "half an interval": (
        GROUP_SEED,
        in_measure(",sla_met_high,", ",,"),
        ["sla_met_ratio: low_column and high_column: fill in both, or neither."],
    ),
    "an interval without a flag": (
        GROUP_SEED,
        in_measure(",is_sla_met_low_n,", ",,"),
        ["sla_met_ratio: low_n_column is empty. What has an interval is flagged"],
    ),
    "a ratio without an interval": (
        GROUP_SEED,
        in_measure(",sla_met_low,sla_met_high,", ",,,"),
        ["sla_met_ratio: no_interval_reason: a ratio has an interval or says why"],
    ),
    "a flag that is none": (
        GROUP_SEED,
        in_measure(",is_sla_met_low_n,", ",sla_pending_count,"),
        ["sla_met_ratio: low_n_column is 'sla_pending_count', of type integer."],
    ),
    "a target that is not published": (
        GROUP_SEED,
        in_measure(r",,\n", ",sla_target,\n"),
        ["sla_met_ratio: target_column is 'sla_target', no column of service_by_tier."],
    ),
    "another min_n than the flag goes by": (
        GROUP_SEED,
        in_measure(",30,45,", ",20,45,"),
        ["sla_met_ratio: min_n is '20', but its flag goes by min_n of dbt_project.yml"],
    ),
    "a period that the mart does not tell": (
        GROUP_SEED,
        in_row(",12 months,", ",as period_months says,", "tier_indicators,revenue_12m_ratio"),
        ["revenue_12m_ratio: time_window is 'as period_months says', but tier_indicators has no"],
    ),
    "two grains of one mart": (
        GROUP_SEED,
        in_measure("month x period x tier x kind of ticket", "month x tier"),
        [f"{GROUP_SEED}: the rows of service_by_tier tell its grain as ['month x period"],
    ),
    "a mart that there is not": (
        GROUP_SEED,
        in_measure("^service_by_tier,", "service_by_colour,"),
        [f"{GROUP_SEED}: service_by_colour is no published mart"],
    ),
    "a model that the mart does not read": (
        GROUP_SEED,
        in_measure(",ind_service_tiers,", ",ind_service,"),
        [f"{GROUP_SEED}: service_by_tier names ind_service as model, which models/"],
    ),
    "a measure's name that an indicator has": (
        GROUP_SEED,
        in_measure("Tickets solved within the service level", "Loyalty index"),
        [f"{GROUP_SEED}: name 'Loyalty index' stands in 2 rows of the catalogue. Each needs"],
    ),
    "a measure in two rows": (
        GROUP_SEED,
        in_row("^service_by_tier,reopen_ratio", MEASURE, "service_by_tier,reopen_ratio"),
        [f"{GROUP_SEED}: service_by_tier.sla_met_ratio stands in 2 rows. Keep one."],
    ),
    "other words in the mart of a measure": (
        GROUP_SEED,
        in_measure("were solved within it", "were settled in time"),
        [
            f"{SERVICE_YAML}: service_by_tier.sla_met_ratio is described in other words than in "
            f"{GROUP_SEED}. Run `python",
            f"{PAGE}: not as {SEED} says. Run",
        ],
    ),
    "a measure whose column is not in the mart": (
        SERVICE_YAML,
        without_column("service_by_tier", "sla_met_ratio"),
        [f"{GROUP_SEED}: service_by_tier has no column sla_met_ratio in {SERVICE_YAML}. Add it"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_told_with_its_place_and_its_remedy(project: Path, fault: str) -> None:
    path, edit, told = FAULTS[fault]
    text = (project / path).read_text(encoding="utf-8")
    broken = edit(text)
    assert broken != text
    (project / path).write_text(broken, encoding="utf-8")
    problems = find_problems(project)
    for words in told:
        assert any(words in problem for problem in problems), "\n".join(problems)


def test_a_comma_without_quotes_is_told_with_its_line(project: Path) -> None:
    seed = project / SEED
    text = seed.read_text(encoding="utf-8")
    seed.write_text(in_row("Purchase regularity", "Purchases, regular")(text), encoding="utf-8")
    with pytest.raises(CatalogueError, match=rf"indicators.csv:\d+: {INDICATOR} has 27 values"):
        read_catalogue(project)


def test_a_seed_that_is_not_utf_8_is_told(project: Path) -> None:
    text = (project / SEED).read_text(encoding="utf-8")
    (project / SEED).write_bytes(text.encode("gb18030"))
    with pytest.raises(CatalogueError, match="not UTF-8"):
        read_catalogue(project)


def test_a_seed_without_a_column_is_told(project: Path) -> None:
    text = (project / SEED).read_text(encoding="utf-8")
    (project / SEED).write_text(text.replace(",purpose,", ",reason,", 1), encoding="utf-8")
    with pytest.raises(CatalogueError, match="its columns must be indicator_id,name"):
        read_catalogue(project)


class TestWriting:
    @pytest.fixture
    def settings(self, project: Path) -> Settings:
        return Settings.from_environment({}, root=project, home=project / "home")

    @pytest.fixture
    def with_a_row(self, project: Path) -> Path:
        """A new indicator in the seed: its model describes it, the contract has it not."""
        seed = project / SEED
        text = seed.read_text(encoding="utf-8")
        (row,) = (line for line in text.splitlines() if line.startswith(f"{INDICATOR},"))
        new = row.replace(INDICATOR, "gap_cv_12m").replace("购买规律性", "购买间隔变异系数")
        new = new.replace("Purchase regularity", "Variation of the gaps")
        seed.write_text(f"{text}{new}\n", encoding="utf-8")
        return project

    @staticmethod
    def build(settings: Settings, data_type: str) -> None:
        settings.home.mkdir()
        with duckdb.connect(str(settings.warehouse)) as con:
            con.execute("create schema indicators")
            con.execute(f"create table indicators.ind_retention (gap_cv_12m {data_type})")

    def test_nothing_is_written_where_all_agrees(self, settings: Settings) -> None:
        assert write_catalogue(settings) == []

    def test_a_new_indicator_gets_its_line_and_the_type_as_built(
        self, settings: Settings, with_a_row: Path
    ) -> None:
        self.build(settings, "double")
        assert write_catalogue(settings) == [CONTRACT, PAGE]
        assert contract_columns(with_a_row)["gap_cv_12m"]["data_type"] == "double"
        assert find_problems(with_a_row) == []
        assert write_catalogue(settings) == []

    def test_money_is_published_with_two_decimals(
        self, settings: Settings, with_a_row: Path
    ) -> None:
        self.build(settings, "double")
        seed = with_a_row / SEED
        text = seed.read_text(encoding="utf-8")
        seed.write_text(re.sub(r"(gap_cv_12m,.*),ratio,", r"\1,GBP,", text), encoding="utf-8")
        write_catalogue(settings)
        assert contract_columns(with_a_row)["gap_cv_12m"]["data_type"] == "decimal(18,2)"

    def test_a_column_that_is_not_built_is_told(self, settings: Settings, with_a_row: Path) -> None:
        assert write_catalogue(settings) == [PAGE]
        (problem,) = find_problems(with_a_row)
        assert "customer_indicators has no gap_cv_12m" in problem
        assert "dbt run --full-refresh -s ind_retention" in problem

    def test_other_marts_and_the_tests_of_a_column_stay(
        self, settings: Settings, project: Path
    ) -> None:
        contract = project / CONTRACT
        text = contract.read_text(encoding="utf-8")
        tested = text.replace(
            "      - name: raw_tier\n",
            "      - name: raw_tier\n        data_tests: [not_null]\n",
            1,
        )
        contract.write_text(in_contract(tested), encoding="utf-8")
        assert write_catalogue(settings) == [CONTRACT]
        assert contract_columns(project)["raw_tier"]["data_tests"] == ["not_null"]
        assert _without_mart(contract.read_text(encoding="utf-8")) == _without_mart(text)

    def test_the_words_of_a_measure_are_written_to_its_mart_alone(
        self, settings: Settings, project: Path
    ) -> None:
        yaml_before = (project / SERVICE_YAML).read_text(encoding="utf-8")
        seed = project / GROUP_SEED
        text = seed.read_text(encoding="utf-8")
        words = ("that were solved within it", "that were settled in time")
        seed.write_text(in_measure(*words)(text), encoding="utf-8")
        assert write_catalogue(settings) == [PAGE, SERVICE_YAML]
        assert find_problems(project) == []
        assert write_catalogue(settings) == []
        written = (project / SERVICE_YAML).read_text(encoding="utf-8")
        before, after = (_columns(text) for text in (yaml_before, written))
        assert "settled in time" in after["service_by_tier", "sla_met_ratio"]["description"]
        assert {key for key in after if after[key] != before[key]} == {
            ("service_by_tier", "sla_met_ratio")
        }
        assert after.keys() == before.keys()

    @pytest.mark.usefixtures("with_a_row")
    def test_the_command_says_what_it_wrote_and_what_is_left(
        self,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(Settings, "from_environment", lambda: settings)
        assert main() == 1
        said = capsys.readouterr().out
        assert f"{PAGE}: written" in said
        assert "has no gap_cv_12m" in said
        self.build(settings, "double")
        assert main() == 0
        said = capsys.readouterr().out
        assert f"{CONTRACT}: written" in said
        assert re.search(r"\d+ indicators: catalogue, models, contract and page agree", said)


def _columns(text: str) -> dict[tuple[str, str], dict]:
    """The columns of a YAML file, by model and name."""
    models = yaml.load(text, LOADER)["models"]  # noqa: S506
    return {(model["name"], each["name"]): each for model in models for each in model["columns"]}


def in_contract(text: str) -> str:
    """Another wording of one column's description in the contract."""
    return text.replace("The tier that this month alone", "The tier of this month alone", 1)


def _without_mart(text: str) -> list[dict]:
    models = yaml.load(text, LOADER)["models"]  # noqa: S506
    return [model for model in models if model["name"] != "customer_indicators"]
