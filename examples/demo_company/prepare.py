"""Write the demo company that `make run` runs on: 2,000 customers over 36 months.

What belongs here: the size of that company, and where it goes. What does not: how it is made.

Run it with `python -m examples.demo_company.prepare FOLDER`; the truth goes beside the folder.
"""

import logging
import sys
from pathlib import Path

from examples.demo_company.design import LAST_MONTH, Design, SimulationError
from examples.demo_company.simulate import SimulationSummary, write_company

log = logging.getLogger(__name__)

CUSTOMERS = 2_000
MONTHS = 36
SEED = 1


def prepare(out: Path) -> SimulationSummary:
    """Write the landing files into a folder and the truth into `truth/` beside it.

    Args:
        out: The landing area.

    Raises:
        SimulationError: The landing area holds files of another company.
    """
    design = Design(CUSTOMERS, MONTHS, SEED, LAST_MONTH)
    return write_company(out, out.parent / "truth", design)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        written = prepare(Path(sys.argv[1]))
    except SimulationError as refusal:
        sys.exit(str(refusal))
    log.info(
        "wrote a simulated company of %d customers: %d files, %d rows, in %s; the truth is in %s",
        written.customers,
        written.files,
        written.rows,
        written.landing,
        written.truth,
    )
