"""Changes that the paper doesn't have: checks, drawings and widgets of one lesson."""
