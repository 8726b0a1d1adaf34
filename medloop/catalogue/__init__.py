"""The catalogue: what the platform knows, in PostgreSQL; the only part that speaks SQL."""
