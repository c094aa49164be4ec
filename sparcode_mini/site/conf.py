"""Configuration of Sphinx; `build.py` gives Sphinx the folder of this file."""

project = "SparCode Mini"
author = "SparCode Mini contributors"
extensions = ["myst_nb", "sphinx.ext.githubpages"]
extensions += ["sparcode_mini.site.maths", "sparcode_mini.site.anchors"]

nb_execution_mode = "off"  # pages show what is stored
nb_merge_streams = True
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # the default comes from a CDN
myst_heading_anchors = 3  # links into the glossary
myst_heading_slug_func = "sparcode_mini.site.anchors.anchor"
myst_enable_extensions = ["amsmath", "dollarmath"]
html_math_renderer = "mathml"

html_theme = "furo"
html_title = "SparCode Mini"
html_static_path = ["static"]
html_css_files = ["site.css", "share.css"]
html_js_files = ["page.js", "guesses.js", "share.js", ("live.js", {"defer": "defer"})]
html_favicon = "static/favicon.svg"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False
