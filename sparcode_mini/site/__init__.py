"""The lessons as a static site: `make site`, or ``python -m sparcode_mini.site``.

Needs `pip install "sparcode-mini[lab,site]"`. Nothing is executed: pages come from the stored
outputs of the notebooks. In order of the flow: `build` runs everything, `pages` turns notebooks
into what Sphinx reads, `landing` writes the first page, `live` takes the widgets that need no
Python, `maths` writes formulas as MathML, `conf` is Sphinx's own configuration.
"""
