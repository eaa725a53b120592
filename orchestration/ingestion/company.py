"""Whose figures these are, and whether they are simulated: the landing area's `company.yml`.

What belongs here: reading and checking that file, and the one row `control.company` that all else
reads. What does not: what pages and commands make of it.

The file is optional. Without it the company has no name and counts as real, and nothing is said.
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.errors import CompanyFileError, ScorecardError
from orchestration.warehouse import transaction

COMPANY_FILE = "company.yml"
MAX_TEXT = 200
_TABLE = """
create table if not exists control.company (
    company_name varchar,
    is_simulated boolean,
    note varchar
)
"""


@dataclass(frozen=True)
class Company:
    """The company whose facts lie in the landing area.

    Attributes:
        name: What it is called; None where nobody said.
        is_simulated: Whether its figures are made up. Everything that shows them says so.
        note: What a reader should know of the data, in a sentence; None for nothing.
    """

    name: str | None = None
    is_simulated: bool = False
    note: str | None = None

    @property
    def notice(self) -> str:
        """What whoever shows a figure must say first; empty where the figures are real."""
        if not self.is_simulated:
            return ""
        who = f"{self.name} does not exist" if self.name else "this company does not exist"
        return f"Simulated figures: {who}."


def read_company(landing: Path) -> Company:
    """Read `company.yml` at the root of the landing area; the default where there is none.

    Raises:
        CompanyFileError: The file cannot be read, has an unknown key, or a key has a value of the
            wrong kind; the message names the file and the key.
    """
    path = landing / COMPANY_FILE
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Company()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise _refused(path, f"it cannot be read as YAML in UTF-8 ({said})") from error
    if content is None:
        return Company()
    if not isinstance(content, dict):
        raise _refused(path, f"expected keys with values, found {type(content).__name__}")
    known = [field.name for field in fields(Company)]
    unknown = [str(key) for key in content if key not in known]
    if unknown:
        raise _refused(path, f"the key {unknown[0]!r} is not known")
    return Company(
        name=_text(path, content, "name"),
        is_simulated=_truth(path, content, "is_simulated"),
        note=_text(path, content, "note"),
    )


def store_company(con: duckdb.DuckDBPyConnection, company: Company) -> None:
    """Write the row of `control.company` anew.

    Args:
        con: The warehouse's connection, outside a transaction, with the tables of the ledger.
        company: What `read_company` gave.

    Raises:
        ScorecardError: The warehouse holds facts of the other kind: simulated and real figures
            never stand in one warehouse.
    """
    con.execute(_TABLE)
    _refuse_to_mix(con, company)
    with transaction(con):
        con.execute("delete from control.company")
        con.execute(
            "insert into control.company values (?, ?, ?)",
            [company.name, company.is_simulated, company.note],
        )


def stored_company(con: duckdb.DuckDBPyConnection) -> Company:
    """Read the row of `control.company`; the default where nothing was ingested yet."""
    present = con.execute(
        "select count(*) from information_schema.tables "
        "where table_schema = 'control' and table_name = 'company'"
    ).fetchone()
    if not present or not present[0]:
        return Company()
    row = con.execute("select company_name, is_simulated, note from control.company").fetchone()
    return Company(*row) if row else Company()


def _refuse_to_mix(con: duckdb.DuckDBPyConnection, company: Company) -> None:
    loaded = con.execute("select count(*) from control.loads where status = 'loaded'").fetchone()
    stored = stored_company(con)
    if not loaded or not loaded[0] or stored.is_simulated == company.is_simulated:
        return
    holds, comes = (
        "simulated figures" if each.is_simulated else "the figures of a real company"
        for each in (stored, company)
    )
    raise ScorecardError(
        f"The warehouse of this home holds {holds}, and the landing area says that it holds "
        f"{comes} ({COMPANY_FILE}, is_simulated). They never mix: set SCORECARD_HOME to a home of "
        f"its own for each, or mend {COMPANY_FILE}."
    )


def _text(path: Path, content: dict[Any, Any], key: str) -> str | None:
    value = content.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise _refused(
            path, f"{key} must be text of 1 to {MAX_TEXT} characters, found {_shown(value)}"
        )
    return " ".join(value.split())


def _truth(path: Path, content: dict[Any, Any], key: str) -> bool:
    value = content.get(key, False)
    if not isinstance(value, bool):
        raise _refused(path, f"{key} must be true or false, found {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def _refused(path: Path, why: str) -> CompanyFileError:
    known = ", ".join(field.name for field in fields(Company))
    return CompanyFileError(
        f"{path} was refused: {why}. It may hold {known}; mend it, or remove it: without the file "
        "the company has no name and counts as real."
    )
