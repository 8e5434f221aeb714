"""A report as one HTML file: readable in light and dark, printed, and read aloud."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from invigil import __version__
from invigil.evaluate.stats import Interval, Rate
from invigil.evaluate.targets import Checked

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --page: #fdfdfc; --soft: #5a6472;
  --line: #d5d9de; --mark: #1f5fa8; --good: #17693b; --bad: #a3262a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --page: #14181f; --soft: #a4adba;
  --line: #39414d; --mark: #7db3ee; --good: #6fce97; --bad: #f2908f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 60rem; color: var(--ink);
  background: var(--page); font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { margin-top: 2.5rem; font-size: 1.2rem; }
p, li { max-width: 44rem; } .soft, caption, figcaption { color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; } td.number { text-align: right; }
.met { color: var(--good); font-weight: 600; } .missed { color: var(--bad); font-weight: 600; }
figure { margin: 1.5rem 0; max-width: 42rem; } svg { width: 100%; height: auto; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--line); } .line { fill: none; stroke: var(--mark); stroke-width: 2; }
.bar { fill: var(--mark); } .mark { fill: var(--mark); }
.whisker { stroke: var(--mark); stroke-width: 2; }
""".strip()


_CLOSING = (
    "Brackets hold 95 % intervals. The pictures that this was measured on are in no part of this "
    "file."
)


def page(title: str, intro: str, sections: Sequence[str], closing: str = _CLOSING) -> str:
    """`sections` are HTML already; everything else is escaped."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n<p>{escape(intro)}</p>\n"
        + "\n".join(sections)
        + f'\n<p class="soft">Invigil {escape(__version__)}. {escape(closing)}</p>\n'
        "</main>\n</body>\n</html>\n"
    )


def section(heading: str, *parts: str) -> str:
    """`parts` are HTML already."""
    return f"<section>\n<h2>{escape(heading)}</h2>\n" + "\n".join(parts) + "\n</section>"


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def bullets(texts: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(text)}</li>" for text in texts) + "</ul>"


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first cell of each row names it."""
    top = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f'<td class="number">{escape(cell)}</td>' for cell in cells)
        + "</tr>"
        for first, *cells in rows
    )
    return (
        f'<div class="wide"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def targets_section(checked: Sequence[Checked]) -> str:
    if not checked:
        return section("Targets", paragraph("None were set."))
    items = "".join(
        f'<li><span class="{"met" if each.met else "missed"}">'
        f"{'Met' if each.met else 'Missed'}</span>: {escape(str(each))}</li>"
        for each in checked
    )
    return section("Targets", f"<ul>{items}</ul>")


def number(value: float | None, digits: int = 3) -> str:
    return "not measured" if value is None else f"{value:.{digits}f}"


def with_interval(value: float | None, interval: Interval | None, digits: int = 3) -> str:
    if value is None or interval is None:
        return number(value, digits)
    low, high = interval
    return f"{value:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def rate(value: Rate | None, digits: int = 3) -> str:
    """The share, its interval, and what it is a share of."""
    if value is None or not value.total:
        return "not measured"
    return f"{with_interval(value.value, value.ci, digits)} ({value.hits} of {value.total})"
