"""Code that only one lesson needs: one folder for each lesson, named by its topic.

In a folder, `check` holds the checks of the exercises, `draw` the pictures, `widget_*` the widgets.
Code that several lessons need is in `core` here, and in the packages `plots` and `widgets`.
"""
