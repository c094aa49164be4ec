"""The sparse inverted index: checks, drawings and widgets of one lesson."""
