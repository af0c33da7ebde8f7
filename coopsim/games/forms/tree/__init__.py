"""Game trees as arrays: structure, sequences, passes over them, and a builder."""
