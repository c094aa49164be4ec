"""Lesson 05, tokenizers: checks, drawings and the widget."""
