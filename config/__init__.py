"""Settings, logging and the default topics."""

VERSION = "0.1.0"
