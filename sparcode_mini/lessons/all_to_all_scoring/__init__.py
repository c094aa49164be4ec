"""Lesson 06, all-to-all scoring: checks, drawings and the widget."""
