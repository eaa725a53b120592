"""`make bench`: the estimators of purchase counts beside those of `lifetimes` and `pymc-marketing`.

The same histories, each library in an environment of its own, one after the other. Measured:
seconds of the fit (from arrays of one entry per customer, so that our reduction to distinct
histories is in it), log-likelihood at the parameters found (computed by the same code for all), the
mean error of the purchases of the 39 weeks after, and their total over what came. Histories: the
purchase log of CDNOW, whose folder SCORECARD_CDNOW names (it may not be committed), and a million
simulated customers.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from ml.clv import bg_nbd, counts, mbg_nbd, pareto_nbd
from ml.clv.counts import CountParameters
from ml.clv.pareto_nbd import ParetoParameters
from ml.clv.purchases import PurchaseParameters
from ml.clv.summary import summarise

WEEKS = 39.0
CALIBRATION_END = pd.Timestamp("1997-09-30")
OURS: dict[str, ModuleType] = {"BG/NBD": bg_nbd, "MBG/NBD": mbg_nbd, "Pareto/NBD": pareto_nbd}
# Fits one estimator and prints parameters and seconds; run by the library's own interpreter.
FITS = {
    "lifetimes": """
import json, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
import lifetimes
data, name = np.load(sys.argv[1]), sys.argv[2]
fitter = {"BG/NBD": lifetimes.BetaGeoFitter, "MBG/NBD": lifetimes.ModifiedBetaGeoFitter,
          "Pareto/NBD": lifetimes.ParetoNBDFitter}[name](penalizer_coef=0.0)
started = time.perf_counter()
fitter.fit(data["x"], data["t_x"], data["T"])
seconds = time.perf_counter() - started
print(json.dumps({"seconds": seconds, **{k: float(v) for k, v in fitter.params_.items()}}))
""",
    "pymc-marketing": """
import json, sys, time, warnings
import numpy as np, pandas as pd
warnings.simplefilter("ignore")
from pymc_marketing import clv
from pymc_extras.prior import Prior
data, name = np.load(sys.argv[1]), sys.argv[2]
kind = {"BG/NBD": clv.BetaGeoModel, "MBG/NBD": clv.ModifiedBetaGeoModel,
        "Pareto/NBD": clv.ParetoNBDModel}[name]
frame = pd.DataFrame({"customer_id": np.arange(len(data["x"])), "frequency": data["x"],
                      "recency": data["t_x"], "T": data["T"]})
flat = Prior("HalfFlat")
names = ("r", "alpha", "s", "beta") if name == "Pareto/NBD" else ("r", "alpha", "a", "b")
started = time.perf_counter()
model = kind(data=frame, model_config={key: flat for key in names})
model.fit(method="map", progressbar=False)
seconds = time.perf_counter() - started
found = model.idata.posterior
print(json.dumps({"seconds": seconds, **{key: float(found[key].values.ravel()[0])
                                         for key in names}}))
""",
}
PACKAGES = {"lifetimes": ["lifetimes"], "pymc-marketing": ["pymc-marketing"]}


def cdnow(folder: Path) -> dict[str, np.ndarray]:
    """All 23,570 customers; purchases of one day are one."""
    log = pd.read_csv(folder / "cdnow_master_clean.csv", parse_dates=["date"])
    days = log.rename(columns={log.columns[0]: "customer"})[["customer", "date"]].drop_duplicates()
    known = days[days["date"] <= CALIBRATION_END].groupby("customer")["date"]
    first, last, size = known.min(), known.max(), known.size()
    later = days[days["date"] > CALIBRATION_END].groupby("customer").size()
    return {
        "x": size.to_numpy(dtype=float) - 1,
        "t_x": (last - first).dt.days.to_numpy() / 7,
        "T": (CALIBRATION_END - first).dt.days.to_numpy() / 7,
        "later": later.reindex(first.index, fill_value=0).to_numpy(dtype=float),
    }


def simulated(customers: int) -> dict[str, np.ndarray]:
    """Histories of BG/NBD at the published parameters, in days, and the 39 weeks after."""
    rng = np.random.default_rng(1)
    rate = rng.gamma(0.2426, 1 / 4.4136, customers)
    stays = rng.geometric(np.clip(rng.beta(0.7930, 2.4262, customers), 1e-9, 1)).astype(float)
    age = rng.integers(189, 731, customers) / 7
    would = rng.poisson(rate * age).astype(float)
    x = np.minimum(would, stays)
    place = rng.beta(np.maximum(x, 1), np.maximum(would - x + 1, 1))
    recency = np.where(x > 0, np.maximum(np.round(place * age * 7), 1) / 7, 0.0)
    later = np.minimum(rng.poisson(rate * WEEKS), np.maximum(stays - would, 0))
    return {"x": x, "t_x": np.minimum(recency, age), "T": age, "later": later}


def ours(name: str, data: dict[str, np.ndarray]) -> tuple[CountParameters, float]:
    """Fit by this project's code."""
    started = time.perf_counter()
    fitted: CountParameters = OURS[name].fit(summarise(data["x"], data["t_x"], data["T"]))
    return fitted, time.perf_counter() - started


def theirs(
    python: Path, library: str, name: str, file: Path, limit: float
) -> tuple[CountParameters, float] | str:
    """Fit by another library; what went wrong where it could not."""
    try:
        done = subprocess.run(
            [python, "-c", FITS[library], file, name],
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"more than {limit:,.0f} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["failed"])[-1][:60]
    found = json.loads(done.stdout.strip().splitlines()[-1])
    seconds = found.pop("seconds")
    if name == "Pareto/NBD":
        return ParetoParameters(**found), seconds
    return PurchaseParameters(**found, extra=int(name == "MBG/NBD")), seconds


def environment(library: str, folder: Path) -> Path | str:
    """An environment with one library in it; why not, where it cannot be had."""
    target = folder / library
    python = target / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", target], check=True)
        done = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", *PACKAGES[library]],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["pip failed"])[-1][:80]
    return python


def row(
    name: str, who: str, found: tuple[CountParameters, float] | str, data: dict[str, np.ndarray]
) -> list[str]:
    """One line of the table."""
    if isinstance(found, str):
        return [name, who, found, "", "", ""]
    fitted, seconds = found
    weeks = np.full(len(data["x"]), WEEKS)
    histories = summarise(data["x"], data["t_x"], data["T"])
    foreseen = counts.expected_purchases(fitted, data["x"], data["t_x"], data["T"], weeks)
    error = float(np.abs(foreseen - data["later"]).mean())
    total = float(foreseen.sum() / data["later"].sum())
    likelihood = float(OURS[name].log_likelihood(fitted, histories))
    return [name, who, f"{seconds:,.2f}", f"{likelihood:,.2f}", f"{error:.4f}", f"{total:.3f}"]


def main() -> None:
    """Fit, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--limit", type=float, default=600, help="seconds per fit of others")
    parser.add_argument("--folder", type=Path, help="where the environments are kept")
    parser.add_argument("--libraries", nargs="*", default=list(FITS))
    given = parser.parse_args()
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch)
        pythons = {library: environment(library, folder) for library in given.libraries}
        sets = {f"{given.customers:,} simulated customers": simulated(given.customers)}
        if "SCORECARD_CDNOW" in os.environ:
            sets = {"CDNOW, all customers": cdnow(Path(os.environ["SCORECARD_CDNOW"])), **sets}
        for title, data in sets.items():
            file = Path(scratch) / "histories.npz"
            np.savez(file, **data)
            table = Table(title=f"{title} ({len(data['x']):,})")
            for column in ("estimator", "by", "seconds", "log-likelihood", "mean error", "total"):
                table.add_column(
                    column, justify="left" if column in ("estimator", "by") else "right"
                )
            for name in OURS:
                table.add_row(*row(name, "this project", ours(name, data), data))
                for library, python in pythons.items():
                    found = (
                        python
                        if isinstance(python, str)
                        else theirs(python, library, name, file, given.limit)
                    )
                    table.add_row(*row(name, library, found, data))
            console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"Peak memory of this project's fits: {peak:,.0f} MB")


if __name__ == "__main__":
    main()
