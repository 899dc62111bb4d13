"""The site of these pages: `make docs` builds it with Sphinx, and warnings are errors."""

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
copybutton_selector = "div:not(.highlight-text) > div.highlight > pre"
html_static_path = ["_static"]
html_css_files = ["site.css"]
