"""The world in its own SQLite file: written behind the calls in small transactions, read back at start."""

from __future__ import annotations

from pathlib import Path

from sandbox.world import World


class Store:
    """Writes what is dirty every moment; a killed process loses at most that moment."""

    @classmethod
    async def open(cls, path: Path, world: World) -> Store:
        """Read the file into `world` (made when missing) and start writing."""
        raise NotImplementedError

    async def close(self) -> None:
        """Write what is left."""
