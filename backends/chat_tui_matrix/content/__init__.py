"""What Matrix events say, as this program's values, and the other way round. No I/O."""
