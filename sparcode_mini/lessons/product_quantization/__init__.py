"""Lesson 04, product quantisation and straight-through: checks, drawings and widgets."""
