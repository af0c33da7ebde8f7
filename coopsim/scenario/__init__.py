"""Scenarios: the file a policy researcher writes, checked, resolved and expanded."""
