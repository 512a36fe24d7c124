"""The model: frozen facts about hosts, each with the span of the text that states it. No parsing, no I/O."""
