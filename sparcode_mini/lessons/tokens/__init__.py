"""Lesson 04, tokenizers: checks, drawings and the widget."""
