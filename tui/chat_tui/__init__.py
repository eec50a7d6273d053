"""A terminal chat client in which nothing you typed is ever lost, doubled or reordered."""
