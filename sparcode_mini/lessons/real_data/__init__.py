"""Lesson 08, real data: checks, tables, drawings and the report of the stored results."""
