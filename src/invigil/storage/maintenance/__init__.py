"""What an administrator does with a whole installation: back it up, restore it, move it."""
