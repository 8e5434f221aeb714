"""Virtual time, pictures, people and servers for the tests."""
