"""The design of a simulated company: when what is planted, and how large what is.

What belongs here: every number that is fixed before the first month is computed.
What does not: what becomes of it; that is in the truth that a simulation writes.
"""

import math
from dataclasses import dataclass
from datetime import date, timedelta

LAST_MONTH = date(2025, 12, 31)
FEWEST_CUSTOMERS = 100
MOST_CUSTOMERS = 1_400_000
FEWEST_MONTHS = 3
MOST_MONTHS = 60

# Files hold a year while a company is small, so that there are about a hundred of them, and less
# when it is large, so that memory holds the rows of a file.
LARGEST_WITH_YEARS = 20_000
LARGEST_WITH_QUARTERS = 150_000


# What drives leaving: the log-odds per month, by kind of business.
HAZARDS = {
    "contractual": {
        "intercept": -3.5,
        "satisfaction": -0.9,
        "engagement": -0.6,
        "price_pressure": 0.7,
        "ln_1_plus_tenure_months": -0.15,
        "is_organisation": -0.3,
        "yearly_term_in_renewal_month": 2.2,
        "yearly_term_in_other_months": -2.0,
    },
    "repeat": {
        "intercept": -3.7,
        "satisfaction": -0.8,
        "engagement": -0.5,
        "price_pressure": 0.4,
        "ln_1_plus_tenure_months": -0.1,
    },
}
EXPERIMENT_EFFECT = 0.9
CAMPAIGN_EFFECT = 0.15
WRONG_REGION = "UK North"
CRISIS_TOPIC = "login"


class SimulationError(Exception):
    """The company cannot be simulated as asked; the message says why and what to do."""


@dataclass(frozen=True)
class Design:
    """What is fixed before the first month.

    Attributes:
        customers: True customers, those who come in the course of the history included.
        months: Length of the history.
        seed: Any whole number; another seed is another company of the same design.
        last_month: The last day of the history, the end of a month.
    """

    customers: int
    months: int
    seed: int
    last_month: date

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        if not FEWEST_CUSTOMERS <= self.customers <= MOST_CUSTOMERS:
            raise SimulationError(
                f"A company of {self.customers} customers cannot be simulated: give "
                f"{FEWEST_CUSTOMERS} to {MOST_CUSTOMERS}."
            )
        if not FEWEST_MONTHS <= self.months <= MOST_MONTHS:
            raise SimulationError(
                f"A history of {self.months} months cannot be simulated: give {FEWEST_MONTHS} to "
                f"{MOST_MONTHS}."
            )
        if (self.last_month + timedelta(days=1)).day != 1:
            raise SimulationError(f"{self.last_month} is not the last day of a month.")

    @property
    def first_day(self) -> date:
        """The first day of the history."""
        return self.month_start(0)

    def month_start(self, number: int) -> date:
        """Return the first day of a month, numbered from 0."""
        months = self.last_month.year * 12 + self.last_month.month - self.months + number
        return date(months // 12, months % 12 + 1, 1)

    @property
    def seed_text(self) -> str:
        """What every draw begins with."""
        return f"demo company {self.seed}"

    def share(self, part: float) -> int:
        """Return the month that lies at a share of the history."""
        return int(part * self.months)

    def variables(self) -> dict[str, int | float | str | date]:
        """Return the design as the SQL knows it."""
        survey_from = self.month_start(min(3, self.months // 8))
        return {
            "customers": self.customers,
            "months": self.months,
            "first_day": self.first_day,
            "last_day": self.last_month,
            # Systems that began later than billing.
            "survey_from": survey_from,
            "usage_from": self.month_start(min(6, self.months // 4)),
            "scale_turned_on": self._scale_turned_on(survey_from),
            # A call to every treated subscriber lowers the log-odds of leaving by the effect.
            "experiment_from": self.share(0.40),
            "experiment_to": self._half_year(0.40),
            "experiment_effect": EXPERIMENT_EFFECT,
            # Campaigns raise the purchases of whom they touch; one does not.
            "campaign_month": self.share(0.70),
            "campaign_effect": CAMPAIGN_EFFECT,
            # Key customers of one region are served under the policy of tier C.
            "wrong_region": WRONG_REGION,
            "wrong_from": self.share(0.45),
            "wrong_to": self._half_year(0.45),
            # Two weeks in which one topic brings eight times its tickets: the share of subscribers
            # who are hit is seven times the topic's usual two weeks. More in a small company, where
            # as many times of next to nothing would be no crisis.
            "crisis_month": self.share(0.60),
            "crisis_on": self.month_start(self.share(0.60)) + timedelta(days=7),
            "crisis_topic": CRISIS_TOPIC,
            "crisis_share": max(0.075, min(0.40, 250 / self.customers)),
            "launch_1": self.share(0.35),
            "launch_2": self.share(0.65),
            "launch_3": self.share(0.45),
            "launch_4": self.share(0.72),
            **{
                f"{business}_{driver}": weight
                for business, drivers in HAZARDS.items()
                for driver, weight in drivers.items()
            },
            # People, fewer per customer in a large company.
            "agents": _between(8 + self.customers // 200, 8, 240),
            "agents_zh": _between((8 + self.customers // 200) // 5, 2, 50),
            "agents_key": _between((8 + self.customers // 200) // 5, 2, 50),
            "account_managers": _between(6 + self.customers // 400, 6, 120),
            "sellers": _between(4 + self.customers // 800, 4, 60),
        }

    def effects(self, experiment: dict[str, dict[str, int]]) -> dict[str, object]:
        """Return what drives what, and the planted effects.

        Args:
            experiment: Per arm, how many were assigned and how many left while it ran.
        """
        campaign, crisis = self.month_start(self.share(0.70)), self.month_start(self.share(0.60))
        return {
            "hazards": {
                "scale": "log-odds per month of leaving by one's own will, of the state at the end "
                "of the month before",
                **HAZARDS,
            },
            "experiment": {
                "experiment_id": "EXP-1",
                "effect_on_log_odds_of_churn": -EXPERIMENT_EFFECT,
                "odds_ratio": round(math.exp(-EXPERIMENT_EFFECT), 4),
                "from": self.month_start(self.share(0.40)),
                "to": self._half_year_end(0.40),
                "realised": experiment,
            },
            "campaign_without_effect": {
                "experiment_id": "EXP-2",
                "campaign_id": f"CMP-{campaign:%y%m}",
                "effect_on_log_purchase_rate": 0,
                "effect_of_other_campaigns_on_log_purchase_rate": CAMPAIGN_EFFECT,
            },
            "service_crisis": {
                "topic": CRISIS_TOPIC,
                "from": crisis + timedelta(days=7),
                "to": crisis + timedelta(days=20),
                "tickets_of_the_topic_times": 8,
                "effect_on_satisfaction_of_whom_it_hit": -0.9,
            },
            "wrong_tier_service": {
                "region": WRONG_REGION,
                "tier": "A",
                "served_under": "SLA-C",
                "from": self.month_start(self.share(0.45)),
                "to": self._half_year_end(0.45),
                "effect_on_service_quality": -1.0,
                "effect_on_satisfaction_per_month": -0.08,
            },
        }

    def _half_year(self, part: float) -> int:
        """Return the last of six months that begin at a share of the history."""
        return min(self.share(part) + 5, self.months - 1)

    def _half_year_end(self, part: float) -> date:
        return self.month_start(self._half_year(part) + 1) - timedelta(days=1)

    def _scale_turned_on(self, survey_from: date) -> date:
        """The last New Year's Day on which surveys ran already, else the middle of the history."""
        new_year = date(self.last_month.year, 1, 1)
        return new_year if new_year > survey_from else self.month_start(self.months // 2)

    @property
    def periods(self) -> tuple[tuple[str, int, int], ...]:
        """The periods of the files: label, first and last month."""
        found: dict[str, tuple[int, int]] = {}
        for number in range(self.months):
            label = self._label(self.month_start(number))
            first, _ = found.get(label, (number, number))
            found[label] = (first, number)
        return tuple((label, first, last) for label, (first, last) in found.items())

    def has_customer_dump(self, month: int) -> bool:
        """Tell whether the CRM sends its whole list of customers at the end of a month."""
        return self.month_start(month).month % 3 == 0 or month == self.months - 1

    def _label(self, day: date) -> str:
        if self.customers <= LARGEST_WITH_YEARS:
            return f"{day.year}"
        if self.customers <= LARGEST_WITH_QUARTERS:
            return f"{day.year}q{(day.month + 2) // 3}"
        return f"{day.year}-{day.month:02d}"


def _between(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))
