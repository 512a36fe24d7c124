"""Repairs: what a rule wants changed, as edits of the text that keep everything else."""
