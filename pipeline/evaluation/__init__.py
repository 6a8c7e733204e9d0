"""Scores of predictions and the report on them: pure functions on tables, no Luigi, no settings."""
