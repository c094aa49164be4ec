"""Quality and speed on real data: checks, drawings and widgets of one lesson."""
