"""A message of a topic as one line of a file that the JSON lines reader takes."""

import json
import re

# What would break a line, or make the reader take the whole file for something else than text.
_ODD = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def line(value: bytes | None) -> bytes:
    """A message as one line, without the line break.

    What stands on one line of text is left as it is; the reader says whether it is an object.
    Anything else (none, blank, several lines, no text) becomes a JSON string of it: a line that
    is no object, and so ends up in quarantine by itself.
    """
    if value is None:
        return b"null"
    try:
        text = value.decode().strip()
    except UnicodeDecodeError:
        text = ""
    if text and not _ODD.search(text):
        return text.encode()
    return json.dumps(value.decode(errors="backslashreplace")).encode()
