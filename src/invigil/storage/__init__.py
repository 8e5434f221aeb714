"""What is kept: the database, evidence objects, and how long."""
