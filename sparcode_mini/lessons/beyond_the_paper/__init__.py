"""Lesson 10, beyond the paper: checks and drawings."""
