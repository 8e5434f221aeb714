"""Fetches the models that the package does not carry. Nothing else of Invigil reaches outside."""
