"""A home whose warehouse holds synthetic marts, and evidence that fits them."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
import yaml

from data_quality.evidence import GateEvidence, RuleResult
from data_quality.fingerprint import mart_fingerprint
from data_quality.products import PRODUCTS_FILE, load_products
from ml.approvals import Decision, append_approval
from ml.canonical import content_hash as canonical_hash
from orchestration.ingestion.company import Company
from orchestration.release import build, cards
from orchestration.release.build import RunSummary, build_release
from orchestration.release.glance import Glance, read_glance
from orchestration.release.manifest import Manifest, MartEntry, ProductEntry
from orchestration.release.marts import mart_columns
from orchestration.release.reading import open_database
from orchestration.release.report import PAGES, render_pages, render_report
from orchestration.release.store import KEEP_RELEASES, Release
from orchestration.settings import Settings

MARTS = Path(__file__).with_name("synthetic_marts.sql")
COMPANY = Path(__file__).with_name("synthetic_company.sql")
GROUPS = Path(__file__).with_name("synthetic_groups.sql")
SCRIPTS = (MARTS, COMPANY, GROUPS)
KEYS = tuple(page.key for page in PAGES)
ROOT = Path(__file__).parents[3]
# Partitioned by month and not, with and without a product upstream; the other marts are alike.
FEW_PRODUCTS = {"identity", "customers", "finance", "portfolio", "predictions", "scorecard"}


@pytest.fixture(scope="session")
def synthetic_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"
    with duckdb.connect(str(path)) as con:
        for script in SCRIPTS:
            con.execute(script.read_text(encoding="utf-8"))
    return path


INFO = (
    "create table scorecard.release_info as select 'r-1' as release_id, "
    "cast(null as varchar) as company_name, false as is_simulated"
)


class CompanyFolder:
    """A folder with the database of a release that holds every mart, and a manifest that fits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def change(self, *statements: str) -> "CompanyFolder":
        with duckdb.connect() as con:
            con.execute(f"attach '{self.folder / 'release.duckdb'}' as release; use release")
            for statement in statements:
                con.execute(statement)
        return self

    def manifest(self, products: dict[str, ProductEntry] | None = None) -> Manifest:
        with open_database(self.folder / "release.duckdb") as con:
            names = [
                str(row[0])
                for row in con.execute(
                    "select table_name from duckdb_tables() "
                    "where schema_name = 'scorecard' and table_name <> 'release_info'"
                ).fetchall()
            ]
            marts = {
                name: MartEntry("customers", 1, mart_columns(con, name), "0", {}) for name in names
            }
        everything = ProductEntry(
            "pass", False, "", "r-1", "2011-12-31", "run-1", 3, (), tuple(marts)
        )
        return Manifest(
            "r-1",
            "2012-01-01T00:00:00+00:00",
            "run-1",
            "retail_billing",
            "2011-01-31",
            "2011-12-31",
            7,
            (),
            "c",
            "c",
            {"commit": None, "is_modified": None},
            (),
            {"duckdb": "1"},
            products or {"customers": everything},
            marts,
        )

    def glance(self) -> Glance:
        with open_database(self.folder / "release.duckdb") as con:
            return read_glance(con, self.manifest())

    def page(self, **changes: object) -> str:
        self._write_manifest(changes)
        return render_report(self.folder)

    def pages(self, *names: str, **changes: object) -> dict[str, str]:
        self._write_manifest(changes)
        return render_pages(self.folder, [page for page in PAGES if page.key in (names or KEYS)])

    def _write_manifest(self, changes: dict[str, object]) -> None:
        text = replace(self.manifest(), **changes).to_json()  # type: ignore[arg-type]
        (self.folder / "manifest.json").write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> CompanyFolder:
    folder = tmp_path_factory.mktemp("company")
    scripts = [path.read_text(encoding="utf-8") for path in SCRIPTS]
    with duckdb.connect() as con:
        con.execute(f"attach '{folder / 'release.duckdb'}' as release; use release")
        for script in (*scripts, INFO):
            con.execute(script)
    return CompanyFolder(folder)


@pytest.fixture
def changed(whole: CompanyFolder, tmp_path: Path) -> Iterator[Callable[..., CompanyFolder]]:
    def change(*statements: str) -> CompanyFolder:
        (tmp_path / "release.duckdb").write_bytes((whole.folder / "release.duckdb").read_bytes())
        return CompanyFolder(tmp_path).change(*statements)

    return change


# Versions and content hashes of the estimators in the synthetic marts.
STORED = {"churn-1a2b3c4d": "aa11", "clv-9f8e7d6c": "cc33"}


def store_estimators(home: Path) -> None:
    """A registry with the cards of the synthetic estimators; nothing here loads the estimators."""
    for version, content_hash in STORED.items():
        folder = home / "estimators" / version
        folder.mkdir(parents=True)
        card = {
            "format": 1,
            "kind": version.split("-")[0],
            "version": version,
            "features": ["days_since_purchase", "tenure_days"],
            "config": {"seed": 20},
            "code_version": "bb22",
            "libraries": {"numpy": "2.0"},
            "content_hash": content_hash,
        }
        sealed = {**card, "card_hash": canonical_hash(card)}
        (folder / "card.json").write_text(json.dumps(sealed), encoding="utf-8")
    append_approval(
        home / "estimators",
        Decision(
            kind="churn",
            by="person",
            action="pinned",
            as_of_date=date(2011, 12, 31),
            champion="churn-1a2b3c4d",
            speaks_from=date(2011, 7, 31),
            reason="the newest year is not typical",
            who="Ann Example",
            decided_at="2012-01-02T08:00:00Z",
        ),
    )


def new_home(folder: Path, warehouse: Path) -> Settings:
    home = folder / "home"
    home.mkdir()
    (home / "warehouse.duckdb").write_bytes(warehouse.read_bytes())
    store_estimators(home)
    return Settings(root=ROOT, home=home, landing=home / "landing", memory_limit="1GB")


@pytest.fixture(scope="session")
def stored_estimators() -> Callable[[Path], None]:
    """Puts the cards of the synthetic estimators into a home."""
    return store_estimators


@pytest.fixture
def settings(tmp_path: Path, synthetic_warehouse: Path) -> Settings:
    return new_home(tmp_path, synthetic_warehouse)


@pytest.fixture(scope="session")
def fewer_products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of a few products, since all marts are released alike."""
    products = yaml.safe_load(PRODUCTS_FILE.read_text(encoding="utf-8"))
    path = tmp_path_factory.mktemp("products") / PRODUCTS_FILE.name
    kept = {name: entry for name, entry in products.items() if name in FEW_PRODUCTS}
    assert set(kept) == FEW_PRODUCTS
    for entry in kept.values():
        if "computed_from" in entry:
            entry["computed_from"] = [
                name for name in entry["computed_from"] if name in FEW_PRODUCTS
            ]
    path.write_text(yaml.safe_dump(kept), encoding="utf-8")
    return path


@pytest.fixture
def plain_build(monkeypatch: pytest.MonkeyPatch, fewer_products: Path) -> None:
    """Builds that are not about the page write a short one, since charts take two seconds, and are
    of fewer products: a third of the marts take a third of the time."""
    build_plainly(monkeypatch, fewer_products)


def build_plainly(monkeypatch: pytest.MonkeyPatch, products: Path) -> None:
    """Let builds be of these products and without charts."""
    monkeypatch.setattr(load_products, "__defaults__", (products,))

    def write(release_dir: Path) -> Path:
        page = release_dir / "report" / "index.html"
        page.parent.mkdir()
        page.write_text("<!doctype html><title>Scorecard</title>", encoding="utf-8")
        return page

    monkeypatch.setattr(build, "write_report", write)
    monkeypatch.setattr(cards, "_charts", lambda _: {})


@pytest.fixture(scope="session")
def summary() -> Callable[[str], RunSummary]:
    def make(run_id: str) -> RunSummary:
        return RunSummary(
            run_id=run_id,
            first_month=date(2011, 1, 31),
            last_month=date(2011, 12, 31),
            known_load_id=7,
            code_fingerprint="c0de",
            config_fingerprint="c0f1",
            profile="retail_billing",
            loads=[{"load_id": 7, "file": "invoices.csv.gz"}],
            estimators=[{"estimator": "churn", "estimator_version": "churn-1a2b3c4d"}],
        )

    return make


@pytest.fixture(scope="session")
def evidence_for() -> Callable[..., list[GateEvidence]]:
    """Evidence about the warehouse's rows of now; the products in `hold` did not pass."""

    def make(settings: Settings, run_id: str, *, hold: Sequence[str] = ()) -> list[GateEvidence]:
        with duckdb.connect(str(settings.warehouse), read_only=True) as con:
            return [
                GateEvidence(
                    product=name,
                    suite=name,
                    run_id=run_id,
                    decision="hold" if name in hold else "pass",
                    reason=f"{name} has too few rows" if name in hold else "all rules hold",
                    fingerprints={
                        mart: mart_fingerprint(con, "scorecard", mart) for mart in product.marts
                    },
                    results=(rule(product.marts[0], is_passed=name not in hold),),
                )
                for name, product in load_products().items()
            ]

    return make


@pytest.fixture(scope="session")
def publish(
    summary: Callable[[str], RunSummary], evidence_for: Callable[..., list[GateEvidence]]
) -> Callable[..., Release]:
    """Judge the warehouse's rows of now and build a release of them."""

    def make(
        settings: Settings,
        run_id: str,
        *,
        hold: Sequence[str] = (),
        company: Company | None = None,
        keep: int = KEEP_RELEASES,
    ) -> Release:
        evidence = evidence_for(settings, run_id, hold=hold)
        run = replace(summary(run_id), company=company or Company())
        return build_release(settings, run=run, evidence=evidence, keep=keep)

    return make


@pytest.fixture(scope="session")
def change_marts() -> Callable[..., None]:
    def change(settings: Settings, *statements: str) -> None:
        with duckdb.connect(str(settings.warehouse)) as con:
            for statement in statements:
                con.execute(statement)

    return change


@pytest.fixture(scope="session")
def real_page(
    tmp_path_factory: pytest.TempPathFactory,
    synthetic_warehouse: Path,
    publish: Callable[..., Release],
) -> Release:
    """A release with its real page, for tests that only read it."""
    folder = tmp_path_factory.mktemp("page")
    return publish(new_home(folder, synthetic_warehouse), "page0001")


def rule(mart: str, *, is_passed: bool = True) -> RuleResult:
    return RuleResult(
        rule_id=f"{mart}.has_rows",
        characteristic="completeness",
        severity="block",
        mart=f"scorecard.{mart}",
        column="",
        description=f"{mart} has rows",
        rows_checked=10,
        rows_failed=0 if is_passed else 1,
        observed="10 rows",
        is_passed=is_passed,
        owner="customer analytics",
        reason="an empty mart says nothing",
    )
