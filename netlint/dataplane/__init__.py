"""What happens to a packet: chains, paths through them, and what they translate."""
