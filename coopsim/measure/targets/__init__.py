"""Behavioural targets of the technical reports, as experiments over whole columns.

`target` says what a target is and judges it; `tr1` to `tr4` measure the configurations.
"""
