"""Making the Data Docs of Great Expectations fit to be given away.

As they are built, every page loads a dozen scripts and styles, and a logo that counts visits, from
other people's servers, the index draws itself with them, and most of a site is films that teach how
to use it. An auditor's copy must open from a disk without a network, so all that is taken out, one
small style is put in, and the index is a plain list.

Belongs here: what is done to the built pages. Not here: building them (`engine.py`) and our own
page (`report.py`).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

TEMPLATES = Path(__file__).with_name("templates")
STYLE_FILE = TEMPLATES / "data_docs.css"
INDEX_TEMPLATE = "data_docs.html.j2"
STATIC = "static"
SITE_INDEX = "index.html"

# All scripts, styles and pictures from elsewhere, and the advertisement at the foot.
_FOREIGN = re.compile(
    r"<script\b.*?</script>"
    r"|<link\b[^>]*\bhref=\"https?://[^>]*>"
    r"|<img\b[^>]*\bsrc=\"https?://[^>]*>"
    r"|<footer\b.*?</footer>",
    re.DOTALL,
)
_FOREIGN_STYLE = re.compile(r"url\(['\"]?https?://[^)]*\)")
_LOCAL_STATIC = re.compile(r"<link\b[^>]*\bhref=\"[^\"]*static/[^>]*>")
# Links out of the site open nothing without a network, and some of them count who follows them.
_FOREIGN_LINK = re.compile(r"<a\b[^>]*\bhref=\"https?://[^>]*>(.*?)</a>", re.DOTALL)
_BODY = re.compile(r"<body\b[^>]*>")
_TITLE = re.compile(r"<title>")


def tidy_data_docs(site: Path) -> None:
    """Make a Data Docs site self-contained and small, in place.

    Args:
        site: The folder of the site, with `index.html` in it.
    """
    shutil.rmtree(site / STATIC, ignore_errors=True)
    style = f"<style>\n{STYLE_FILE.read_text(encoding='utf-8')}</style>\n</head>"
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        text = _FOREIGN.sub("", text)
        text = _LOCAL_STATIC.sub("", text)
        text = _FOREIGN_STYLE.sub("none", text)
        text = _FOREIGN_LINK.sub(r"\1", text)
        page.write_text(text.replace("</head>", style, 1), encoding="utf-8")
    (site / SITE_INDEX).write_text(_index(site), encoding="utf-8")


def put_notice(site: Path, notice: str) -> None:
    """Say something at the head of every page below a folder, and in its title.

    Args:
        site: The folder, with pages as `tidy_data_docs` leaves them.
        notice: What is said, as plain text.
    """
    said = escape(notice)
    banner = f'\n<p class="notice" role="note"><strong>{said}</strong></p>'
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        # By functions, so that a backslash in the words stays one.
        text = _BODY.sub(lambda body: body[0] + banner, text, count=1)
        text = _TITLE.sub(lambda title: f"{title[0]}{said} ", text, count=1)
        page.write_text(text, encoding="utf-8")


def page_of(site: Path, product: str, table: str) -> Path | None:
    """Find the page that shows the results of one table, newest first, or None.

    Args:
        site: The folder of the site.
        product: The product whose suite judged the table.
        table: Schema and name of the table.
    """
    schema, _, name = table.partition(".")
    pages = sorted((site / "validations" / product / schema / name).rglob("*.html"))
    return pages[-1] if pages else None


def _index(site: Path) -> str:
    template = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    ).get_template(INDEX_TEMPLATE)
    return template.render(
        style=Markup(STYLE_FILE.read_text(encoding="utf-8")),  # noqa: S704  our own file
        results=_pages(site, "validations", depth=3),
        suites=_pages(site, "expectations", depth=None),
    )


def _pages(site: Path, folder: str, *, depth: int | None) -> list[tuple[str, str]]:
    """List name and link of the pages below a folder; a result's name is its first folders."""
    found = []
    for page in sorted((site / folder).rglob("*.html")):
        parts = page.relative_to(site / folder).with_suffix("").parts
        found.append((" · ".join(parts[:depth]), page.relative_to(site).as_posix()))
    return found
