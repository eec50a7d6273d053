"""The Matrix protocol core: gets answers and time, gives requests and news. No I/O, no clock."""
