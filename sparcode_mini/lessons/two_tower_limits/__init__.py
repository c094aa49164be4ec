"""What two towers can and can't express: checks, drawings and widgets of one lesson."""
