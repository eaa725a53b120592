"""The topic of organisations with several customers.

Belongs here: what is read of their scores, of what these are made of and of why they moved, and how
it is told, in both languages. Not here: other topics of the scorecards.
"""

from collections.abc import Sequence

from orchestration.release.formats import format_integer, format_score, format_signed
from orchestration.release.pages.model import Cell, Column, Reader, Section, Table, Topic
from orchestration.release.pages.teller import Teller
from orchestration.release.pages.words import names, number
from orchestration.release.parts import Part
from orchestration.release.reading import Row

_LISTED = 15
# Points from which on a cause is told: less would be written as 0.0.
_TOLD = 0.05
_ROLLUPS = {
    "own": "own profile",
    "count_weighted": "by number",
    "value_weighted": "by contract value",
}
_CAUSES = {
    "exception": "Exceptions",
    "override": "Overrides",
    "member_share": "Share in the organisation",
}


def topic(lang: str) -> Topic:
    """The topic in a language.

    Args:
        lang: `en` or `zh`.
    """
    told = _Told(lang)
    t = told.t
    key = "account_id as_of_date profile customer_id cause cause_kind"
    return Topic(
        "organisations",
        Part(
            t("Organisations"),
            {
                "account_scorecard": names(
                    "account_id as_of_date profile member_count contract_value account_rollup "
                    "score score_change own_score count_weighted_score value_weighted_score "
                    "worst_customer_id worst_score"
                ),
                "account_scorecard_measures": names(
                    f"{key} label label_zh effective_weight contribution"
                ),
                "account_scorecard_changes": names(f"{key} total_change"),
                "customer_scorecard": names("customer_id as_of_date profile band"),
                "customers": names("customer_id crm_customer_id organisation_name"),
            },
            t("no organisation has several customers"),
        ),
        told.organisations,
    )


class _Told(Teller):
    """The topic in one language."""

    def organisations(self, reader: Reader) -> Section | None:
        t = self.t
        rows = reader.rows(
            """
            select
                accounts.*,
                -- The members of an organisation that is named are no group of a statistic.
                accounts.member_count as members,
                coalesce(parents.organisation_name, parents.crm_customer_id, accounts.account_id)
                    as label,
                coalesce(parents.crm_customer_id, accounts.account_id) as known_id,
                coalesce(members.organisation_name, members.crm_customer_id,
                    accounts.worst_customer_id) as worst_label,
                cards.band = 'red' as is_worst_red
            from scorecard.account_scorecard as accounts
            left join scorecard.customers as parents
                on accounts.account_id = parents.customer_id
            left join scorecard.customers as members
                on accounts.worst_customer_id = members.customer_id
            left join scorecard.customer_scorecard as cards
                on
                    accounts.worst_customer_id = cards.customer_id
                    and accounts.as_of_date = cards.as_of_date
                    and accounts.profile = cards.profile
            where
                accounts.as_of_date = (select max(as_of_date) from scorecard.account_scorecard)
                and accounts.profile = ?
            order by accounts.score - accounts.worst_score desc nulls last, accounts.account_id
            """,
            [reader.manifest.profile],
        )
        scored = [row for row in rows if row["score"] is not None]
        if not scored:
            return None
        name = self.name(reader.manifest.profile)
        hidden = [row for row in scored if row["is_worst_red"]]
        rollup = t(_ROLLUPS.get(scored[0]["account_rollup"], "own profile"))
        return Section(
            as_of=rows[0]["as_of_date"],
            intro=t(
                "An organisation with several customers has a score too, in three ways: of its own "
                "profile, and as the mean of its customers weighted by number or by contract "
                "value. The mean hides; so the worst customer stands beside it."
            ),
            said=[
                t(
                    "{n} of {all} organisations with several customers have a score; in {red} of "
                    "them a customer is red."
                ).format(
                    n=format_integer(len(scored)),
                    all=format_integer(len(rows)),
                    red=format_integer(len(hidden)),
                )
            ],
            rows=[
                (
                    Table(
                        t("Organisations whose worst customer stands furthest below them"),
                        [
                            self.head("Parent organisation", "label", "known_id"),
                            number(t("Customers"), "members", on_phone=False),
                            number(
                                t("Contract value"), "contract_value", reader.money, on_phone=False
                            ),
                            number(t("Score"), "score", format_score),
                            number(t("Own profile"), "own_score", format_score, on_phone=False),
                            number(
                                t("By number"), "count_weighted_score", format_score, on_phone=False
                            ),
                            number(
                                t("By contract value"),
                                "value_weighted_score",
                                format_score,
                                on_phone=False,
                            ),
                            Column(
                                t("Worst customer"),
                                lambda row: str(row["worst_label"] or "–"),
                                is_number=False,
                            ),
                            number(t("Its score"), "worst_score", format_score),
                        ],
                        scored[:_LISTED],
                        note=t(
                            "By “{name}”, which counts {rollup}. The widest gaps; all are in the "
                            "mart account_scorecard."
                        ).format(name=name, rollup=rollup),
                        sources="account_scorecard",
                    ),
                ),
                (self._parts(reader, scored[:_LISTED]),),
            ],
        )

    def _parts(self, reader: Reader, listed: Sequence[Row]) -> Table:
        t = self.t
        asked = [reader.manifest.profile, listed[0]["as_of_date"]]
        # Of each organisation the cause that moved it most, and the measure that costs it most.
        moved = reader.rows(
            """
            select
                changes.account_id, changes.customer_id, changes.cause_kind,
                changes.total_change as points,
                coalesce(labels.label, changes.cause) as label,
                coalesce(labels.label_zh, changes.cause) as label_zh,
                coalesce(members.organisation_name, members.crm_customer_id,
                    changes.customer_id) as member
            from scorecard.account_scorecard_changes as changes
            left join (
                select cause, max(label) as label, max(label_zh) as label_zh
                from scorecard.account_scorecard_measures
                where profile = ? and as_of_date = ?
                group by cause
            ) as labels on changes.cause = labels.cause
            left join scorecard.customers as members on changes.customer_id = members.customer_id
            where changes.profile = ? and changes.as_of_date = ?
                and abs(changes.total_change) >= ?
            qualify row_number() over (
                partition by changes.account_id
                order by abs(changes.total_change) desc, changes.customer_id, changes.cause
            ) = 1
            """,
            [*asked, *asked, _TOLD],
        )
        lost = reader.rows(
            """
            select
                parts.account_id, parts.customer_id, parts.cause_kind, parts.label, parts.label_zh,
                parts.contribution - 100 * parts.effective_weight as points,
                coalesce(members.organisation_name, members.crm_customer_id,
                    parts.customer_id) as member
            from scorecard.account_scorecard_measures as parts
            left join scorecard.customers as members on parts.customer_id = members.customer_id
            where parts.profile = ? and parts.as_of_date = ? and parts.effective_weight > 0
            qualify row_number() over (
                partition by parts.account_id
                order by
                    parts.contribution - 100 * parts.effective_weight, parts.customer_id,
                    parts.cause
            ) = 1
            """,
            asked,
        )
        return Table(
            t("What costs them most points, and what moved them"),
            [
                self.head("Parent organisation", "label", "known_id"),
                self._cause("Most points missing", lost),
                number(t("Change"), "score_change", format_signed),
                self._cause("Moved most by", moved, on_phone=False),
            ],
            listed,
            note=t(
                "A measure of one of its customers, or the customer's share in the organisation; "
                "points of the organisation's score. Points are missing as far as the measure "
                "scores below 100."
            ),
            sources="account_scorecard_measures, account_scorecard_changes",
        )

    def _cause(self, label: str, found: Sequence[Row], *, on_phone: bool = True) -> Column:
        causes = {row["account_id"]: row for row in found}

        def read(row: Row) -> Cell:
            cause = causes.get(row["account_id"])
            if cause is None:
                return Cell("–")
            kind = _CAUSES.get(cause["cause_kind"])
            name = self.t(kind) if kind else self.label(cause)
            return Cell(f"{name} ({cause['member']}) {format_signed(cause['points'])}")

        return Column(self.t(label), read, is_number=False, is_on_phone=on_phone)
