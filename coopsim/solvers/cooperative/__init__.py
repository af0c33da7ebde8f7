"""Cooperative games: values, the core, the nucleolus. One method a module."""
