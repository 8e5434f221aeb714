"""One file for each noun; each turns rows into domain records and back."""
