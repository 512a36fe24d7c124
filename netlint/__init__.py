"""netlint: a static analyser for the network configuration of container hosts."""

__version__ = "0.1.0"
