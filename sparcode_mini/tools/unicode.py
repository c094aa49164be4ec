"""Text that can be written anywhere."""


def whole(text: str) -> str:
    """Return a text that UTF-8 can hold: lone halves of letters become the replacement sign."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
