"""Lesson 06, the sparse index: checks, drawings and the widget."""
