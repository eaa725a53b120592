"""Writing names and values into SQL so that they stay names and values.

What belongs here: quoting. What does not: statements.
"""


def identifier(name: str) -> str:
    """Quote a name of a table or a column."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text value."""
    return "'" + text.replace("'", "''") + "'"
