"""Measures the product on pictures of one's own: verification, counting, whole sittings."""
