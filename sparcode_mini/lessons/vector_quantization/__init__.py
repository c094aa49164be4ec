"""Lesson 03, vector quantisation: checks, drawings and the widget."""
