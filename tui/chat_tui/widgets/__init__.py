"""The parts that screens are made of; they get values and post messages."""
