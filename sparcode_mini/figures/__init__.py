"""The pictures of the lessons as files: `make figures`, or ``python -m sparcode_mini.figures``.

It needs `pip install "sparcode-mini[lab,test]"`. A notebook stores small images only, so the
lessons run once more. In order of the flow: `build` runs everything, `execution` runs one notebook,
`drawings` takes the pictures out of it, `store` writes the files and index.json, and `page` writes
index.html.
"""
