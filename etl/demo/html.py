"""An article -> a web page with the navigation, asides and footers that real ones have."""

from collections.abc import Callable
from html import escape

from etl.demo.article import Article, Block, stable_hash
from etl.demo.content import Chrome


def render(article: Article, chrome: Chrome, charset: str | None = None) -> str:
    """Return the HTML of an article; `charset` is what its meta element declares, if it has one."""
    skin = _SKINS[stable_hash(article.site) % len(_SKINS)]
    meta = f'<meta charset="{charset}">' if charset else ""
    brand = article.site.replace("-", " ").title()
    head = (
        f"<head>{meta}<title>{escape(article.title)} | {escape(brand)}</title>"
        '<meta name="viewport" content="width=device-width">'
        '<link rel="stylesheet" href="/static/site.css"><script>window.dataLayer = [];</script></head>'
    )
    nav = f'<nav class="menu"><ul>{_links(chrome.nav)}</ul></nav>'
    header = f'<header class="site-header"><a class="logo" href="/">{escape(brand)}</a>{nav}</header>'
    main = skin(f"<h1>{escape(article.title)}</h1>\n" + "\n".join(map(_block, article.blocks)))
    return (
        f'<!DOCTYPE html>\n<html lang="{article.language}">{head}\n<body>\n{header}\n{main}\n'
        f"{_aside(chrome)}\n{_footer(chrome, brand)}\n</body></html>\n"
    )


def plain_text(article: Article) -> str:
    """Return an article without any markup, as a text file has it."""
    return "\n\n".join([article.title, *(block.text for block in article.blocks)]) + "\n"


def _semantic(body: str) -> str:
    return f'<main id="main"><article>{body}</article></main>'


def _blog(body: str) -> str:
    return f'<div id="page"><div id="content"><div class="post-content">{body}</div></div></div>'


def _portal(body: str) -> str:
    return f'<div class="wrapper"><main class="main-content"><section>{body}</section></main></div>'


_SKINS = (_semantic, _blog, _portal)


def _aside(chrome: Chrome) -> str:
    related = f"<h4>{escape(chrome.aside)}</h4><ul>{_links(chrome.nav[1:])}</ul>"
    return (
        f'<aside class="sidebar">{related}<form action="/subscribe"><label>{escape(chrome.newsletter)}'
        '<input type="email" name="mail"></label></form></aside>'
    )


def _footer(chrome: Chrome, brand: str) -> str:
    return (
        f'<footer class="site-footer"><ul>{_links(chrome.footer)}</ul><p>© 2026 {escape(brand)}</p></footer>'
        f'<div class="cookie-banner" role="dialog">{escape(chrome.cookies)}</div>'
    )


def _links(names: tuple[str, ...]) -> str:
    return "".join(f'<li><a href="/{i}/">{escape(name)}</a></li>' for i, name in enumerate(names))


def _block(block: Block) -> str:
    return _BLOCKS[block.tag](block.text)


def _wrap(before: str, after: str) -> Callable[[str], str]:
    return lambda text: f"{before}{escape(text, quote=False)}{after}"


def _list(tag: str) -> Callable[[str], str]:
    def items(text: str) -> str:
        rows = "\n".join(f"<li>{escape(line, quote=False)}</li>" for line in text.splitlines())
        return f"<{tag}>\n{rows}\n</{tag}>"

    return items


def _table(text: str) -> str:
    """Return a table of lines whose cells lie between broken bars (`¦`); the first line is its head."""
    rows = [[escape(cell.strip(), quote=False) for cell in line.split("¦")] for line in text.splitlines()]
    head = "".join(f"<th>{cell}</th>" for cell in rows[0])
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows[1:])
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"


_BLOCKS: dict[str, Callable[[str], str]] = {
    "p": _wrap("<p>", "</p>"),
    "h2": _wrap("<h2>", "</h2>"),
    "h3": _wrap("<h3>", "</h3>"),
    "by": _wrap('<p class="author">', "</p>"),
    "quote": _wrap("<blockquote><p>", "</p></blockquote>"),
    "pre": _wrap("<pre><code>", "</code></pre>"),
    "ul": _list("ul"),
    "ol": _list("ol"),
    "table": _table,
}
