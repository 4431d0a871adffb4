"""Measurements, each beside a peer or a limit in the same run. Some start the PostgreSQL of the tests."""

import sys
from pathlib import Path

# An installed `tidings` finds the rooms of this checkout, but not its tests.
_CHECKOUT = Path(__file__).parents[1]
if (_CHECKOUT / "tests").is_dir() and str(_CHECKOUT) not in sys.path:
    sys.path.append(str(_CHECKOUT))
