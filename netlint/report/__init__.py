"""One module a format: `render(run)` gives the report as text. Only the run is seen: findings, sources, coverage."""
