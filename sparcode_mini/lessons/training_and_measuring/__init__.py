"""Lesson 01, how a model is trained and measured: checks and drawings."""
