"""What only one lesson needs: a folder each, named by its topic.

`check` holds the checks of its exercises, `draw` its pictures, `widget_*` its widgets. What several
lessons need is elsewhere: `core` here, the kits of `plots` and `widgets`.
"""
