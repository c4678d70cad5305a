"""The secret that signs cookies: made once a home, shared by all web processes."""

import os
import secrets
from pathlib import Path


def secret_key(home: Path) -> bytes:
    """The home's secret, made at first use in a file that only its owner can read."""
    file = home / "secret"
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        draft = home / f".secret-{secrets.token_hex(8)}"
        draft.touch(mode=0o600)
        draft.write_bytes(secrets.token_bytes(32))
        try:
            os.link(draft, file)
        except FileExistsError:
            pass  # another process was faster; its secret counts
        finally:
            draft.unlink()
    file.chmod(0o600)
    return file.read_bytes()
