"""Learning a codebook: checks, drawings and widgets of one lesson."""
