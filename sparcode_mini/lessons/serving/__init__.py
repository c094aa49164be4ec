"""Lesson 09, serving: checks, drawings and the stored benchmarks in words."""
