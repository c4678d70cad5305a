"""Text in figures: what came in a file is drawn as it is written, never as markup."""

LONGEST = 24
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def plain(text: str) -> str:
    """The text so that plotly, which reads ``<a href>`` and ``&lt;``, draws it as it is."""
    return text.translate(_ENTITIES)


def shortened(text: str, most: int = LONGEST) -> str:
    """Beginning and end of a long text: values often differ in their last letters only."""
    if len(text) <= most:
        return text
    head = most // 2
    return f"{text[:head]}…{text[head + 1 - most :]}"
