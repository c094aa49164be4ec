"""Every token meets every item: checks, drawings and widgets of one lesson."""
