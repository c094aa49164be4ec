"""Lesson 08, beyond the paper: checks and drawings."""
