"""Case studies with their published rubrics, item by item: what was scored, and what it is worth.

A rubric is a list of criteria, each with points. Three kinds are told apart: informative ones,
constants, and those that no parameters in their documented ranges can fail. How far a score
tells one model from another shows beside its distribution under random parameters.
"""
