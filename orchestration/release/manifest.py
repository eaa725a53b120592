"""What a release says about itself: the typed form of `manifest.json`.

Belongs here: the entries of a manifest, reading and writing them. Not here: deciding what goes
into a release (`decisions`), building one (`build`), checking one (`verify`).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orchestration.errors import ReleaseError
from orchestration.ingestion.company import Company

SCHEMA_VERSION = 1
MANIFEST_NAME = "manifest.json"


@dataclass(frozen=True)
class FileEntry:
    """One file of a release.

    Attributes:
        sha256: Hash of the file's bytes, in hexadecimal.
        bytes: Size of the file.
    """

    sha256: str
    bytes: int


@dataclass(frozen=True)
class PartitionEntry:
    """One Parquet file of a mart: a month, or the whole mart where it has no `as_of_date`.

    Attributes:
        path: Path of the Parquet file, relative to the release.
        rows: Number of rows.
        checksum: Sum of the row hashes of these rows.
    """

    path: str
    rows: int
    checksum: str


@dataclass(frozen=True)
class MartEntry:
    """One mart as it stands in the release.

    Attributes:
        product: The data product that the mart belongs to.
        rows: Number of rows.
        columns: Name to type, in the order of the table.
        checksum: Sum of the row hashes, with names and types of the columns mixed in. It depends
            on nothing but the rows: two releases with the same checksum say the same.
        partitions: Month (`YYYY-MM-DD`) to its Parquet file; the key `all` where the mart has no
            `as_of_date`.
    """

    product: str
    rows: int
    columns: Mapping[str, str]
    checksum: str
    partitions: Mapping[str, PartitionEntry]


@dataclass(frozen=True)
class ProductEntry:
    """What happened to one data product in this release.

    Attributes:
        decision: `pass` (these rows were judged and let through by this run) or `hold`.
        stale: The product was held, and stands here in its last good version.
        reason: Why it was held; empty when it passed.
        from_release: The release that first published these rows; null when the product is
            absent because it has never passed.
        last_month: Last month (`YYYY-MM-DD`) of the run whose rows these are.
        run_id: The run whose rows these are.
        rules: Number of rules that judged these rows.
        warnings: Descriptions of the rules that failed with severity `warn`.
        marts: The marts of the product.
        readers: Roles that may read it, beside those who may read all, when the release was made;
            empty in a release of a version that did not say.
    """

    decision: str
    stale: bool
    reason: str
    from_release: str | None
    last_month: str | None
    run_id: str | None
    rules: int
    warnings: tuple[str, ...]
    marts: tuple[str, ...]
    readers: tuple[str, ...] = ()

    @property
    def is_absent(self) -> bool:
        """Whether no version of the product stands in the release."""
        return self.from_release is None


@dataclass(frozen=True)
class Manifest:
    """The whole of `manifest.json`.

    Attributes:
        release_id: `YYYYMMDDTHHMMSSZ-<short run id>`.
        created_at: UTC time, ISO 8601.
        run_id: The run that built the release.
        profile: The scorecard profile.
        first_month: First month of the run.
        last_month: Last month of the run.
        known_load_id: The newest load that the run knew.
        loads: The loads behind it, as the run listed them.
        config_fingerprint: Fingerprint of the configuration seeds.
        code_fingerprint: Fingerprint of the code that computes.
        code: Commit of the repository and whether it was modified; nulls outside git.
        estimators: The trained estimators used, as the run listed them.
        engines: Versions of duckdb, python and dbt.
        products: Product name to what happened to it.
        marts: Mart name to what it holds.
        files: Path, relative to the release, to hash and size; all files but the manifest.
        company: What the company is called; null where nobody said.
        is_simulated: Whether its figures are made up.
        approvals: How far the log of decisions on estimators went: `lines`, and `line_hash` of the
            last; empty in a release of a version that did not say.
    """

    release_id: str
    created_at: str
    run_id: str
    profile: str
    first_month: str
    last_month: str
    known_load_id: int
    loads: tuple[Mapping[str, Any], ...]
    config_fingerprint: str
    code_fingerprint: str
    code: Mapping[str, Any]
    estimators: tuple[Mapping[str, Any], ...]
    engines: Mapping[str, str]
    products: Mapping[str, ProductEntry]
    marts: Mapping[str, MartEntry]
    files: Mapping[str, FileEntry] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION
    company: str | None = None
    is_simulated: bool = False
    approvals: Mapping[str, Any] = field(default_factory=dict)

    @property
    def notice(self) -> str:
        """What whoever shows a figure of the release must say first; empty for real figures."""
        return Company(self.company, self.is_simulated).notice

    @property
    def held_products(self) -> tuple[str, ...]:
        """Names of the products that this run did not let through."""
        return tuple(name for name, entry in self.products.items() if entry.decision != "pass")

    def to_json(self) -> str:
        """The manifest as indented JSON with a final newline."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False, default=str) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Read a manifest back.

        Raises:
            ValueError: The text is no JSON object of a known schema version.
            KeyError: An entry is missing.
            TypeError: An entry has unknown or too few parts.
        """
        raw = json.loads(text)
        if not isinstance(raw, dict) or raw.get("schema_version") != SCHEMA_VERSION:
            found = raw.get("schema_version") if isinstance(raw, dict) else type(raw).__name__
            msg = f"expected schema_version {SCHEMA_VERSION}, found {found}"
            raise ValueError(msg)
        raw["loads"] = tuple(raw["loads"])
        raw["estimators"] = tuple(raw["estimators"])
        raw["products"] = {name: _product(entry) for name, entry in raw["products"].items()}
        raw["marts"] = {name: _mart(entry) for name, entry in raw["marts"].items()}
        raw["files"] = {path: FileEntry(**entry) for path, entry in raw["files"].items()}
        return cls(**raw)


def read_manifest(release_dir: Path) -> Manifest:
    """Read the manifest of a release folder.

    Raises:
        ReleaseError: The manifest is missing or cannot be read; the message names the file.
    """
    path = release_dir / MANIFEST_NAME
    try:
        return Manifest.from_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{path} is missing, so {release_dir.name} is no complete release"
        raise ReleaseError(msg) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        msg = (
            f"{path} is not a manifest that this version can read ({error}). Restore the release "
            f"from a copy, or delete the folder {release_dir.name}"
        )
        raise ReleaseError(msg) from error


def _product(entry: dict[str, Any]) -> ProductEntry:
    parts = entry | {"warnings": tuple(entry["warnings"]), "marts": tuple(entry["marts"])}
    parts["readers"] = tuple(entry.get("readers", ()))
    return ProductEntry(**parts)


def _mart(entry: dict[str, Any]) -> MartEntry:
    partitions = {key: PartitionEntry(**part) for key, part in entry["partitions"].items()}
    return MartEntry(**(entry | {"partitions": partitions}))
