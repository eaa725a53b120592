"""Writing the warehouse's file anew, so that no old block keeps what was taken out.

Belongs here: that one step, which erasing a person and emptying old values share. Does not belong
here: taking anything out.
"""

from typing import Final

import duckdb

from orchestration.ingestion.sql import literal
from orchestration.settings import Settings

_FRESH: Final = "fresh.duckdb"


class RehearsalError(Exception):
    """Ends the transaction of a rehearsal without a change."""


def write_anew(settings: Settings) -> None:
    """Write the warehouse into a new file: the old one keeps erased values in free blocks.

    Raises:
        DiskFullError: There is no room for a second copy.
    """
    fresh = settings.temporary / _FRESH
    fresh.unlink(missing_ok=True)
    try:
        with duckdb.connect(
            config={"memory_limit": settings.memory_limit, "threads": settings.threads}
        ) as con:
            con.execute(f"attach {literal(str(settings.warehouse))} as old")
            con.execute(f"attach {literal(str(fresh))} as new")
            con.execute("copy from database old to new")
            con.execute("detach new")
            con.execute("detach old")
        fresh.replace(settings.warehouse)
    finally:
        fresh.unlink(missing_ok=True)
