"""The plans of a lecture."""
