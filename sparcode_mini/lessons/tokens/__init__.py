"""From a query to tokens: checks, drawings and widgets of one lesson."""
