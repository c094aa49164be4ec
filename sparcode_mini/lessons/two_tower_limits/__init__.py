"""Lesson 01, two-tower limits: checks, drawings and widgets."""
