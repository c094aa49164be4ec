"""Lesson 05, all-to-all scoring: checks, drawings and the widget."""
