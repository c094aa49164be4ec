"""Lesson 07, the sparse index: checks, drawings and the widget."""
