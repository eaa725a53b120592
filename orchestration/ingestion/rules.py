"""From text to types, and the rules that one row must keep by itself, as SQL expressions.

What belongs here: casting a source value to the contract's type without losing anything, and a
condition, a rule name and a message for each way a value can break its contract.
What does not: rules that need other rows (keys) and the reading of files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestration.ingestion.contract import (
    DECIMAL_TYPE,
    INTEGER_TYPES,
    TIME_TYPES,
    Column,
    TableContract,
)
from orchestration.ingestion.landed import TEXT_TYPE, SourceColumn
from orchestration.ingestion.sql import identifier, literal

# Clocks differ and days end at different times; a fact more than a day ahead of the load is wrong.
FUTURE_TOLERANCE = timedelta(days=1)
NUMBER_TEXT = r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
ENGINE_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
PLAIN_TIME_TEXT = "[0-9]+-[0-9]+-[0-9]+([ T][0-9:.]*)?"
# No clock on Earth is more than fourteen hours from UTC; the engine would shift by any number.
ABSURD_OFFSET = "[+-](1[5-9]|[2-9][0-9])(:?[0-9]{2})*$"
SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Rule:
    """One way in which a row breaks its contract.

    Attributes:
        name: The rule's name in the quarantine.
        column: The column that breaks it.
        condition: SQL over the source values and the typed values (as `t`); true when broken.
        message: An SQL expression that says what is wrong.
    """

    name: str
    column: str
    condition: str
    message: str


def value_expression(column: Column, source: SourceColumn | None) -> str:
    """Return the SQL that turns a source value into the contract's type, null where it cannot."""
    if source is None:
        return f"cast(null as {column.data_type})"
    value = source.expression
    if _is_same_type(column, source):
        return value
    if column.data_type == "varchar":
        return f"cast({value} as varchar)"
    if source.data_type == TEXT_TYPE:
        value = f"nullif(trim({value}), '')"
        if column.data_type == "timestamp":
            # The plain cast drops an offset without a word; the zoned one is ten times slower.
            return (
                f"case when regexp_full_match({value}, {literal(PLAIN_TIME_TEXT)}) "
                f"then try_cast({value} as timestamp) "
                f"when regexp_matches({value}, {literal(ABSURD_OFFSET)}) then null "
                f"else timezone('UTC', try_cast({value} as timestamptz)) end"
            )
    elif source.data_type == "TIMESTAMP WITH TIME ZONE" and column.data_type == "timestamp":
        return f"timezone('UTC', {value})"
    return f"try_cast({value} as {column.data_type})"


def row_rules(
    contract: TableContract,
    columns: Mapping[str, SourceColumn],
    loaded_at: datetime,
    *,
    waived: tuple[str, str] | None = None,
) -> list[Rule]:
    """Return the rules of every column of a contract, in the contract's order.

    Args:
        contract: The contract.
        columns: The columns that the file has, by contract name.
        loaded_at: The load's own time (naive UTC), the measure of what lies in the future.
        waived: Rule and column that are left out, since a person waived them; None for none.
    """
    rules: list[Rule] = []
    for column in contract.columns:
        source = columns.get(column.name)
        if source is not None:
            rules.extend(_type_rules(column, source))
        rules.extend(_null_rules(column))
        rules.extend(_set_rules(column))
        rules.extend(_range_rules(column))
        rules.extend(_time_rules(column, loaded_at))
        rules.extend(_order_rules(contract, column))
    return [rule for rule in rules if (rule.name, rule.column) != waived]


def _type_rules(column: Column, source: SourceColumn) -> list[Rule]:
    if _is_same_type(column, source) or column.data_type == "varchar":
        return []
    value = source.expression
    given = f"nullif(trim({value}), '')" if source.data_type == TEXT_TYPE else value
    typed = f"t.{identifier(column.name)}"
    wrong = [f"{typed} is null", *_lost_in_cast(column, source, given, typed)]
    message = _message(
        column, f"is no {column.data_type}, or loses digits as one", f"cast({value} as varchar)"
    )
    condition = f"{given} is not null and ({' or '.join(wrong)})"
    return [Rule("type", column.name, condition, message)]


def _lost_in_cast(column: Column, source: SourceColumn, given: str, typed: str) -> list[str]:
    """Conditions under which a cast succeeds and yet changes the value."""
    decimal = DECIMAL_TYPE.fullmatch(column.data_type)
    if column.data_type == "date":
        return [f"{typed} is distinct from try_cast({given} as timestamp)"]
    if column.data_type == "double":
        return [f"not isfinite({typed})"]
    if column.data_type not in INTEGER_TYPES and not decimal:
        return []
    if source.data_type in ENGINE_INTEGERS:
        return []
    scale = int(decimal[2]) if decimal else 0
    digits = int(decimal[1]) - scale if decimal else 19
    text = given if source.data_type == TEXT_TYPE else f"cast({given} as varchar)"
    fraction = f"([.][0-9]{{0,{scale}}})?" if scale else ""
    # Most numbers are written plainly, and then nothing can be lost; the rest is looked at closely.
    return [
        f"case when regexp_full_match({text}, {literal(f'-?[0-9]+{fraction}')}) then false "
        f"else not regexp_full_match({text}, {literal(NUMBER_TEXT)}) "
        f"or {typed} is distinct from try_cast({text} as decimal(38, {38 - digits})) end"
    ]


def _null_rules(column: Column) -> list[Rule]:
    if not column.is_not_null:
        return []
    value = f"t.{identifier(column.name)}"
    empty = f" or trim({value}) = ''" if column.data_type == "varchar" else ""
    message = literal(f"{column.name} is empty, and the contract requires a value")
    return [Rule("not_null", column.name, f"({value} is null{empty})", message)]


def _set_rules(column: Column) -> list[Rule]:
    if not column.accepted_values:
        return []
    value = f"t.{identifier(column.name)}"
    accepted = ", ".join(literal(item) for item in column.accepted_values)
    message = _message(column, f"is none of: {', '.join(column.accepted_values)}", value)
    return [
        Rule(
            "accepted_values", column.name, f"cast({value} as varchar) not in ({accepted})", message
        )
    ]


def _range_rules(column: Column) -> list[Rule]:
    value = f"t.{identifier(column.name)}"
    rules: list[Rule] = []
    if column.minimum is not None:
        message = _message(column, f"is below the smallest allowed, {column.minimum:f}", value)
        rules.append(Rule("min", column.name, f"{value} < {column.minimum:f}", message))
    if column.maximum is not None:
        message = _message(column, f"is above the largest allowed, {column.maximum:f}", value)
        rules.append(Rule("max", column.name, f"{value} > {column.maximum:f}", message))
    return rules


def _time_rules(column: Column, loaded_at: datetime) -> list[Rule]:
    value = f"t.{identifier(column.name)}"
    rules: list[Rule] = []
    if column.earliest is not None:
        message = _message(column, f"is before the earliest allowed, {column.earliest}", value)
        condition = f"{value} < timestamp '{column.earliest}'"
        rules.append(Rule("earliest", column.name, condition, message))
    if column.data_type in TIME_TYPES and not column.may_be_future:
        latest = (loaded_at + FUTURE_TOLERANCE).replace(tzinfo=None)
        # Without the load's time in it, the same file is refused with the same words every day.
        message = _message(column, "lies more than a day after the time of the load", value)
        condition = f"{value} > timestamp '{latest.isoformat(sep=' ')}'"
        rules.append(Rule("date_in_future", column.name, condition, message))
    return rules


def _order_rules(contract: TableContract, column: Column) -> list[Rule]:
    """The rule that a time does not lie before another of the row: solved before opened."""
    if column.not_before is None:
        return []
    other = contract.column(column.not_before)
    value, bound = f"t.{identifier(column.name)}", f"t.{identifier(other.name)}"
    if column.data_type == "date":
        # A day without its hour is not before an hour of the same day.
        bound = f"cast({bound} as date)"
    message = f"{_named(column, value)} || ' lies before ' || {_named(other, bound)}"
    return [Rule("not_before", column.name, f"{value} < {bound}", message)]


def _message(column: Column, complaint: str, value: str) -> str:
    """An SQL expression: the column, its value unless it is personal, and the complaint."""
    return f"{_named(column, value)} || {literal(f' {complaint}')}"


def _named(column: Column, value: str) -> str:
    """An SQL expression: the column's name, and its value unless that is personal."""
    if column.personal_data != "none":
        return literal(column.name)
    return f"{literal(f'{column.name} = ')} || left(cast({value} as varchar), {SHOWN_CHARACTERS})"


def _is_same_type(column: Column, source: SourceColumn) -> bool:
    return source.data_type.replace(" ", "").lower() == column.data_type


def any_broken(rules: Sequence[Rule]) -> str:
    """Return the SQL condition that at least one rule is broken."""
    return " or ".join(f"coalesce({rule.condition}, false)" for rule in rules) or "false"


def broken_rules(rules: Sequence[Rule]) -> str:
    """Return the SQL list of what is wrong with a row: the first broken rule of each column."""
    by_column: dict[str, list[Rule]] = {}
    for rule in rules:
        by_column.setdefault(rule.column, []).append(rule)
    cases = ", ".join(
        "case " + " ".join(_when(rule) for rule in of_column) + " end"
        for of_column in by_column.values()
    )
    return f"list_filter([{cases}], lambda item: item is not null)"


def _when(rule: Rule) -> str:
    return (
        f"when {rule.condition} then struct_pack(rule := {literal(rule.name)}, "
        f"column_name := {literal(rule.column)}, message := {rule.message})"
    )
