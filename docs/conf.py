"""The site of these pages: `make docs` builds it with Sphinx, and warnings are errors."""

from pathlib import Path
from typing import Any

project = "ifind-mock"
html_title = "ifind-mock"
language = "en"

extensions = ["myst_parser", "sphinx_copybutton"]
# Links to headings are GitHub's, so that the pages read as well there.
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
# Outputs and languages without a lexer are left plain.
suppress_warnings = ["misc.highlighting_failure"]
highlight_language = "none"

html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False  # of Python's names, which no page documents
copybutton_selector = "div:not(.highlight-text) > div.highlight > pre"
html_static_path = ["_static"]
html_css_files = ["site.css"]

# The pages beside the text, in their order. index.md does not have them, since it is read elsewhere, too.
CONTENTS = {
    "Start": "first-steps calls magic-phones dashboard",
    "Break it": "faults scenarios stubs time journal",
    "Test your client": "testing clients ci tls",
    "Check a server": "check live learn parity validate mutants",
    "Reference": "clauses settings command-line control-api schemas openapi",
    "Run it for others": "deployment scaling security",
    "More": "troubleshooting background compared benchmarks",
}
TREE = """
```{toctree}
:caption: %s
:hidden:

%s
```
"""

# What a screen reader and the keyboard need and the theme leaves out.
ACCESSIBLE = {
    'role="heading"': 'role="heading" aria-level="2"',
    '<aside class="sidebar-drawer"': '<aside aria-label="Pages" class="sidebar-drawer"',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    '<div id="search-results">': '<h1>Search</h1>\n<div id="search-results">',
}


def _add_contents(app: Any, name: str, source: list[str]) -> None:
    if name == app.config.root_doc:
        source[0] += "".join(TREE % (caption, "\n".join(pages.split())) for caption, pages in CONTENTS.items())


def _make_accessible(app: Any, error: Exception | None) -> None:
    for page in Path(app.outdir).rglob("*.html") if error is None else ():
        text = page.read_text(encoding="utf-8")
        for theirs, ours in ACCESSIBLE.items():
            text = text.replace(theirs, ours)
        page.write_text(text, encoding="utf-8")


def setup(app: Any) -> None:
    """Sphinx calls it."""
    app.connect("source-read", _add_contents)
    app.connect("build-finished", _make_accessible)
