"""Lesson 07, real data: checks, tables, drawings and the report of the stored results."""
