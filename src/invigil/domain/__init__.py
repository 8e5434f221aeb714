"""What the product is about: frozen records, enums, transition tables, errors. No I/O."""
