"""Pixels to Observation: decode, detect, align, embed, quality. No clock, db, http, identity."""
