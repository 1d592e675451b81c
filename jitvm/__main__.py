"""``python -m jitvm``."""
from jitvm.cli import entry

entry()
