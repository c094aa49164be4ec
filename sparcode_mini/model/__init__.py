"""From a query to scores: the paper.

In the order of the data: `items` and `tokenizers` make tokens, `quantizer` makes codes of the
query's tokens, `scorer` lets tokens meet items. `base` is what the models share; `two_tower`,
`all_to_all` and `sparcode` are the models.
"""
