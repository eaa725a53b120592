"""Rules of the product `survey`: the answers, each on the scale of its day.

Belongs here: the marts survey_responses, nps_by_group, satisfaction_by_group. Not here: answers off
their scale and the like, which are marked and counted (`findings`).
"""

from __future__ import annotations

from data_quality.rules import Rule, Table
from data_quality.suites.shapes import (
    customer_is_known,
    every_one_is_there,
    few_cases_are_flagged,
    interval_holds,
    keys,
    month_ends,
    month_is_that_of,
    no_personal_data,
    nothing_of_the_future,
    refused_share_is_small,
    shares,
)

OWNER = "customer experience"
RESPONSES = Table("scorecard", "survey_responses", OWNER, ("response_id",))
GROUP_KEYS = ("as_of_date", "period_months", "programme_id", "group_kind", "group_value")
NPS = Table("scorecard", "nps_by_group", OWNER, GROUP_KEYS)
SATISFACTION = Table("scorecard", "satisfaction_by_group", OWNER, GROUP_KEYS)
# Measure -> the share that is published of it.
SHARES = {"csat": "csat_top_two", "ces": "ces_easy", "fcr": "fcr_yes"}

MEASURES = ("nps", "csat", "ces", "effort", "value_item", "anchor", "fcr", "share_of_wallet")
DIMENSIONS = ("product", "service", "personnel", "image", "money", "time", "energy", "psychic")
# Reasons for which an answer has no score; who answered twice has one that is superseded.
REFUSED = ("test", "unknown_invitation", "unknown_question", "text_only", "off_scale")
SUPERSEDED = "duplicate_in_wave"


def rules() -> tuple[Rule, ...]:
    """List the rules of the product."""
    return (*_responses(), *_scores(), *_counted(), *_nps(), *_nps_values(), *_satisfaction())


def _responses() -> tuple[Rule, ...]:
    return (
        *keys(RESPONSES),
        customer_is_known(RESPONSES),
        no_personal_data(RESPONSES),
        nothing_of_the_future(RESPONSES, "responded_at", "sent_at"),
        every_one_is_there(
            RESPONSES,
            "raw.survey__responses",
            "response_id",
            ("responded_at",),
            says="Every answer that was known by then is listed, and no other.",
        ),
        refused_share_is_small(RESPONSES, ["survey"]),
        month_is_that_of(RESPONSES, "responded_at"),
        RESPONSES.no_rows(
            "values_are_known",
            f"""
            select response_id from scorecard.survey_responses
            where measure not in {MEASURES} or dimension not in {DIMENSIONS}
                or exclusion_reason not in {(*REFUSED, SUPERSEDED)}
                or (exclusion_reason is null and measure is null)
            """,
            says="Measure, dimension and reason are of those that are defined.",
            because="Any other is counted by nobody.",
            characteristic="accuracy",
            columns=("measure", "dimension", "exclusion_reason"),
        ),
        RESPONSES.no_rows(
            "answers_follow_their_invitation",
            "select response_id from scorecard.survey_responses where responded_at < sent_at",
            says="Nobody answers before being asked.",
            because="Such an answer belongs to another survey.",
            characteristic="consistency",
            severity="quarantine",
            columns=("responded_at", "sent_at"),
        ),
    )


def _scores() -> tuple[Rule, ...]:
    return (
        RESPONSES.no_rows(
            "score_stands_where_the_answer_is_valid",
            f"""
            select response_id from scorecard.survey_responses
            where (score_0_100 is null) is distinct from (
                    coalesce(exclusion_reason, '') in {REFUSED}
                    or coalesce(measure, '') = 'share_of_wallet'
                )
                or (exclusion_reason = 'off_scale' and answer between scale_min and scale_max)
                or (exclusion_reason = 'text_only' and answer is not null)
            """,
            says="A valid answer has a score, and one that is refused has none and deserves it; a "
            "share of wallet is no opinion and has none.",
            because="An answer that is silently left out moves the mean; so does a wrong one.",
            characteristic="consistency",
            columns=("score_0_100", "exclusion_reason"),
        ),
        RESPONSES.no_rows(
            "score_is_in_line_with_the_scale",
            """
            select response_id from scorecard.survey_responses
            where score_0_100 is not null and coalesce(abs(score_0_100 - 100 * case
                when is_higher_better then answer - scale_min else scale_max - answer
            end / nullif(scale_max - scale_min, 0)) > 0.000001, true)
            """,
            says="The score is the answer's place on its scale, 0 the worst and 100 the best, in "
            "the direction that was declared.",
            because="A scale read the wrong way turns complaints into praise.",
            characteristic="accuracy",
            columns=("score_0_100", "answer", "scale_min", "scale_max", "is_higher_better"),
        ),
        RESPONSES.between(
            "score_0_100",
            0,
            100,
            says="The score lies between 0 and 100.",
            because="Anything else is off the scale that it was put on.",
        ),
    )


def _counted() -> tuple[Rule, ...]:
    return (
        RESPONSES.no_rows(
            "one_answer_counts",
            f"""
            select min(response_id) as response_id from scorecard.survey_responses
            where is_latest_in_wave and customer_id is not null
            group by customer_id, programme_id, wave, question_id, coalesce(ticket_id, '')
            having count(*) > 1
            union all
            select response_id from scorecard.survey_responses
            where is_latest_in_wave is distinct from (exclusion_reason is null)
                or (exclusion_reason = '{SUPERSEDED}' and customer_id is null and wave is null)
            """,
            says="One answer of a customer to a question counts per wave, or per ticket; what "
            "counts has no reason not to.",
            because="Whoever answers twice would have two votes.",
            characteristic="consistency",
            columns=("is_latest_in_wave", "exclusion_reason"),
        ),
    )


def _nps() -> tuple[Rule, ...]:
    return (
        *keys(NPS),
        month_ends(NPS),
        *shares(NPS, "response_ratio", "response_low", "response_high"),
        interval_holds(NPS, "response_ratio", "response_low", "response_high"),
        NPS.no_rows(
            "answered_are_of_the_asked",
            f"""
            select {", ".join(GROUP_KEYS)} from scorecard.nps_by_group
            where answered_count > delivered_count or nps_count > answered_count
            """,
            says="No more answer than were asked, and no more the question than the survey.",
            because="A response rate above one was counted from two different things.",
            characteristic="consistency",
            columns=("delivered_count", "answered_count", "nps_count"),
        ),
        NPS.no_rows(
            "answers_are_there",
            """
            with counted as (
                select programme_id, count(*) as answer_count from scorecard.survey_responses
                where measure = 'nps' and exclusion_reason is null group by programme_id
            )
            select nps.as_of_date, nps.period_months, nps.programme_id, nps.group_kind,
                nps.group_value
            from scorecard.nps_by_group as nps
            left join counted on nps.programme_id = counted.programme_id
            where nps.as_of_date = (select max(as_of_date) from scorecard.nps_by_group)
                and nps.nps_count > coalesce(counted.answer_count, 0)
            """,
            says="No group counts more answers than the list of answers has.",
            because="An answer that was joined twice would weigh twice.",
            characteristic="consistency",
            columns=("nps_count",),
            reads=(RESPONSES.path,),
        ),
    )


def _nps_values() -> tuple[Rule, ...]:
    one_class = "nps_count in (promoter_count, passive_count, detractor_count)"
    return (
        NPS.no_rows(
            "nps_is_its_formula",
            f"""
            select {", ".join(GROUP_KEYS)} from scorecard.nps_by_group
            where nps_count <> promoter_count + passive_count + detractor_count
                or (nps_count = 0) <> (nps is null)
                or abs(nps - 100.0 * (promoter_count - detractor_count) / nps_count) > 0.00001
            """,
            says="NPS is 100 * (promoters - detractors) / answers, and empty without an answer.",
            because="This is the definition of the handbook (C14); any other is another number.",
            characteristic="accuracy",
            columns=("nps", "nps_count", "promoter_count", "passive_count", "detractor_count"),
        ),
        interval_holds(NPS, "nps", "nps_low", "nps_high", but=one_class),
        few_cases_are_flagged(NPS, "is_low_n", "nps_count"),
        few_cases_are_flagged(NPS, "is_response_low_n", "delivered_count"),
        NPS.no_rows(
            "a_change_is_real_beyond_its_margin",
            f"""
            select {", ".join(GROUP_KEYS)} from scorecard.nps_by_group
            where is_nps_change_real
                and abs(nps_change) <= nps_change_margin - 0.000001
            """,
            says="A change is called real only where it is greater than its margin.",
            because="Acting on chance costs more than waiting for a month.",
            characteristic="credibility",
            columns=("is_nps_change_real", "nps_change", "nps_change_margin"),
        ),
    )


def _satisfaction() -> tuple[Rule, ...]:
    return (
        *keys(SATISFACTION),
        month_ends(SATISFACTION),
        *(
            rule
            for measure, share in SHARES.items()
            for rule in (
                *shares(SATISFACTION, f"{share}_ratio", f"{share}_low", f"{share}_high"),
                interval_holds(SATISFACTION, f"{share}_ratio", f"{share}_low", f"{share}_high"),
                few_cases_are_flagged(SATISFACTION, f"is_{measure}_low_n", f"{measure}_count"),
            )
        ),
    )
