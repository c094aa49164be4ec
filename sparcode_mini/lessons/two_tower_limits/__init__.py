"""Lesson 02, two-tower limits: checks, drawings and widgets."""
