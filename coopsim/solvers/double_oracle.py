"""Double oracle and policy-space response oracles (PSRO): grow a table of responses.

Each player has a population of strategies. The table of what they pay against one another is
solved by a meta-solver, everybody responds to the others' mixture, and new responses join
(McMahan, Gordon and Blum 2003; Lanctot et al. 2017). With exact responses and the Nash
meta-solver the gap of a two-player zero-sum tree closes when nobody finds a new response.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from coopsim import seeding
from coopsim.arrays import Float
from coopsim.errors import NoSuchForm, UserError
from coopsim.games.forms.extensive import ExtensiveForm
from coopsim.games.forms.normal import NormalForm
from coopsim.games.forms.tree import passes
from coopsim.solvers.meta_solvers import META, Meta
from coopsim.solvers.numeric import Clock, require_count
from coopsim.solvers.option_types import Seed
from coopsim.solvers.sampled_response import learned_response
from coopsim.solvers.solution import Found

Profile = tuple[Float, ...]
MetaName = Literal["nash", "uniform", "replicator", "alpha-rank"]

_LARGEST = 2_000_000  # payoffs of the table of populations


def solve(
    form: ExtensiveForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    iterations: int = 500,
    meta: MetaName = "nash",
    response: Literal["exact", "learned"] = "exact",
    episodes: int = 20_000,
    seed: Seed = 0,
) -> Found:
    """Strategies mixed over populations of responses.

    Args:
        form: a tree with perfect recall.
        tol: stop when no player gains more than this by a response, payoff units.
        deadline: seconds.
        iterations: the most rounds of responses.
        meta: what is played against while populations grow: the table's "nash" equilibrium,
            a "uniform" mixture, projected "replicator" dynamics, or "alpha-rank". What is
            handed back is a mixture by "nash" wherever the table can be solved.
        response: "exact" best responses by a pass over the tree, or "learned" ones from
            `episodes` sampled episodes each.
        episodes: of a learned response.
        seed: of what is sampled.

    Raises:
        NoSuchForm: a player forgets own moves, or the form has variants.
        UserError: an option out of range.

    Cost: a round is one pass over the tree a player, one row of the table for every new
    strategy, and the meta-solver.
    """
    require_count("iterations", iterations)
    require_count("episodes", episodes)
    _check(form, meta, response)
    clock, table = Clock(deadline), _Populations(form)
    best, least, done = table.mixed(table.even()), np.inf, 0
    proved = False
    while done < iterations:
        done += 1
        shares = META["nash"](table.game(), clock)
        profile = table.mixed(shares)
        gains = passes.regrets(form.tree, form.payoffs, profile)
        if gains.max() < least:
            best, least = profile, float(gains.max())
        if least <= tol or clock.over:
            proved = least <= tol
            break
        against = profile if meta == "nash" else table.mixed(META[meta](table.game(), clock))
        added = 0
        for player in range(form.n):
            if response == "exact":
                strategy = form.best_response(player, against)[1]
            else:
                rng = seeding.generator(seed, "response", done, player)
                strategy = learned_response(form, against, player, episodes, rng)
            added += table.add(player, strategy)
        if not added and (meta, response) != ("nash", "exact"):
            # nothing new against that mixture: what answers the equilibrium of the table
            for player in range(form.n):
                added += table.add(player, form.best_response(player, profile)[1])
        if not added or table.size > _LARGEST:
            break
    sizes = " x ".join(map(str, table.shape))
    return Found(
        (best,),
        f"{done} rounds of responses; populations of {sizes}",
        {"iterations": done, "table": float(table.size)},
        finished=proved,
    )


class _Populations:
    """Pure or learned strategies of each player, and what they pay against one another."""

    def __init__(self, form: ExtensiveForm) -> None:
        self.form = form
        self.weights = form.payoffs * form.tree.chance_reach[:, None]
        # each strategy by its realisation plan; whether it comes to each end
        self.plans: list[list[Float]] = [[] for _ in range(form.n)]
        self.comes: list[list[Float]] = [[] for _ in range(form.n)]
        for player, part in enumerate(form.uniform()):
            self.add(player, part)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the populations."""
        return tuple(map(len, self.plans))

    @property
    def size(self) -> int:
        """The number of payoffs in the table."""
        return int(np.prod(self.shape)) * self.form.n

    def add(self, player: int, strategy: Float) -> int:
        """Take in a strategy unless one that plays alike is there; how many were taken."""
        own = self.form.sequences[player]
        plan = passes.realise(own, strategy)
        if any(np.array_equal(plan, held) for held in self.plans[player]):
            return 0
        self.plans[player].append(plan)
        self.comes[player].append(plan[own.terminal])
        return 1

    def game(self) -> NormalForm:
        """The table of populations."""
        found = self.weights.T[:, None, :]
        for own in self.comes[:-1]:
            rows = np.stack(own)
            found = (found[:, :, None, :] * rows).reshape(self.form.n, -1, rows.shape[-1])
        paid = found @ np.stack(self.comes[-1]).T
        return NormalForm(paid.reshape(self.form.n, *self.shape), self.form.players)

    def even(self) -> Profile:
        """Uniform shares."""
        return tuple(np.full(size, 1 / size) for size in self.shape)

    def mixed(self, shares: Profile) -> Profile:
        """The behaviour strategies that play like mixtures over the populations."""
        return tuple(
            passes.behave(own, share @ np.stack(plans))
            for own, share, plans in zip(self.form.sequences, shares, self.plans, strict=True)
        )


def _check(form: ExtensiveForm, meta: Any, response: Any) -> None:
    if form.variants is not None:
        raise NoSuchForm(f"one game is solved, and this form has {form.variants} variants")
    if form.recall_problem:
        raise NoSuchForm(f"responses need perfect recall: {form.recall_problem}")
    known: dict[str, Meta] = META
    if meta not in known:
        raise UserError("no such meta-solver", key="meta", given=meta, allowed=list(known))
    if response not in ("exact", "learned"):
        raise UserError(
            "no such response", key="response", given=response, allowed=["exact", "learned"]
        )
