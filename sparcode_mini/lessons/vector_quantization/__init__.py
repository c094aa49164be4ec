"""Lesson 02, vector quantisation: checks, drawings and the widget."""
