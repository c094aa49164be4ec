"""Product quantisation and straight-through: checks, drawings and widgets of one lesson."""
