"""The lessons as a static site: `make site`, or ``python -m sparcode_mini.site``.

It needs `pip install "sparcode-mini[lab,site]"`. Nothing is executed: pages come from the stored
outputs of the notebooks. In order of the flow: `build` runs everything, `pages` prepares notebooks
for Sphinx, `landing` writes the first page with `story` and `cards`, `live` writes the widgets that
need no Python (`stored` the panels), `maths` writes formulas as MathML, and `conf` is the
configuration of Sphinx. Apart from these, `one_page` puts one widget into a file of its own, for
``sparcode-mini xray``; it needs the extra `lab` only.
"""
