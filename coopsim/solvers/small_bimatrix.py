"""All equilibria of one small bimatrix game, as `kernels.bimatrix` finds those of a batch."""

from __future__ import annotations

from coopsim.errors import NoSuchForm
from coopsim.games.forms.normal import NormalForm
from coopsim.solvers.batched import SMALL, small_bimatrix
from coopsim.solvers.numeric import Clock
from coopsim.solvers.solution import Found


def solve(form: NormalForm, *, tol: float = 1e-8, deadline: float | None = None) -> Found:
    """Every equilibrium of a game of up to 4 x 4 actions.

    Args:
        form: a game of two players.
        tol: of the general method, for degenerate games.
        deadline: seconds; looked at before the work and by the general method.

    Supports of equal size in closed form; a game with ties goes to the enumeration of
    vertices, which gives its extreme equilibria. Made for batches: one game costs mostly the
    loading of the compiled code.

    Raises:
        NoSuchForm: other than two players, or more than four actions.
    """
    if form.n != 2 or max(form.shape) > SMALL:
        raise NoSuchForm(
            f"small-bimatrix takes two players with up to {SMALL} actions, not "
            f"{' x '.join(map(str, form.shape))}; vertex-enumeration finds all equilibria of "
            "larger games"
        )
    clock = Clock(deadline)
    if clock.over:
        return Found((), "the deadline left no time", finished=False)
    games = NormalForm.variants(form.payoffs[None])
    batch = small_bimatrix(games, tol=tol, clock=Clock(None), everything=True)
    if len(batch.left):
        from coopsim.solvers import vertex

        return vertex.solve(form, tol=tol, deadline=clock.left)
    x, y = batch.profiles
    profiles = tuple((x[0, k].copy(), y[0, k].copy()) for k in range(int(batch.count[0])))
    return Found(
        profiles,
        f"closed-form supports of a nondegenerate game: {len(profiles)} equilibria",
        exhaustive=True,
    )
