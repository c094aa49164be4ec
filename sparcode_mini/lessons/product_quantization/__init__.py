"""Lesson 03, product quantisation and straight-through: checks, drawings and widgets."""
