"""Sample articles for the sandbox's first start. All but the one from Xinhua are invented, as their source says."""

from pathlib import Path


def paths() -> list[Path]:
    """Every sample file, in the order of their names."""
    return sorted(Path(__file__).parent.glob("*.txt"))
