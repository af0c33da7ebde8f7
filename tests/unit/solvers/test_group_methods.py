"""Every method for coalitions, bargaining, states, crowds and traffic keeps the laws of solvers."""

import pytest

from coopsim.solvers.check import check
from coopsim.solvers.group_methods import _METHODS


@pytest.mark.parametrize("name", [row[0] for row in _METHODS])
def test_the_laws_hold(name):
    check(name, games=6)
