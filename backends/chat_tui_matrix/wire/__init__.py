"""Matrix on the wire: requests and answers as values. No I/O."""
