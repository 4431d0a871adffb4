"""How long tests wait for what must come. A busy machine may be late: this ends a wait that is hopeless, and judges
nothing; what has come ends it at once.
"""

PATIENCE_S = 50.0  # under the 60 s that the sender pauses when all is refused
