"""What both sides share: storage and contracts. No web, no learning."""

from hashlib import sha256
from pathlib import Path


def _code_version() -> str:
    """The release and a hash of the code that can change what a table holds."""
    root = Path(__file__).parent.parent
    digest = sha256()
    for room in ("lakehouse", "pipeline"):
        for file in sorted((root / room).rglob("*.py")):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return f"0.1.0+{digest.hexdigest()[:12]}"


VERSION = _code_version()
"""Names the code in every commit and execution; other code is never taken for the same step."""
