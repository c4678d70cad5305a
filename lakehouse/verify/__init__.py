"""Whether a home is whole: all that `stillwater verify` checks, a file a check."""

from lakehouse.verify.check import verify
from lakehouse.verify.finding import Finding

__all__ = ["Finding", "verify"]
