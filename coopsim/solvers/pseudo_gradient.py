"""Neural pseudo-gradient ascent (NPGA): bid functions as small networks that learn from play.

Utilities after the fact jump where a bid overtakes another, so their derivative misses what
winning more often is worth. The gradient is therefore estimated from utilities alone: networks
with randomly perturbed weights, in pairs of opposite signs (evolution strategies). Source:
Bichler, Fichtl, Heidekrueger, Kohring and Sutterer (2021), Learning equilibria in symmetric
auction games using artificial neural networks, Nature Machine Intelligence 3.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from coopsim.arrays import Float
from coopsim.clock import keeping, look, uncounted
from coopsim.extras import require
from coopsim.games.forms.auction import SealedBidForm
from coopsim.solvers.auctions import reported, rough_regret
from coopsim.solvers.numeric import Clock, OutOfTime, require_count
from coopsim.solvers.option_types import Seed
from coopsim.solvers.solution import Found

_LOOK = 50  # rounds between two looks at the regret
_WARM = 300  # steps that lead the networks to half of the own value


def solve(
    form: SealedBidForm,
    *,
    tol: float = 1e-8,
    deadline: float | None = None,
    rounds: int = 1000,
    batch: int = 1024,
    population: int = 32,
    hidden: int = 10,
    sigma: float = 0.05,
    rate: float = 0.01,
    device: str = "cpu",
    seed: Seed = 0,
) -> Found:
    """Bid functions that networks learn by simultaneous pseudo-gradient ascent.

    Args:
        form: the auction; bidders who are alike share one network.
        tol: stop where a look at the bid functions finds no larger regret, in payoff units.
        deadline: seconds after which the best functions so far are returned.
        rounds: most steps of every network.
        batch: draws of all signals a step.
        population: perturbed networks a step, in pairs.
        hidden: width of both hidden layers.
        sigma: standard deviation of the perturbations.
        rate: first step size of Adam; it falls to a twentieth over the rounds.
        device: torch device.
        seed: of signals, perturbations and first weights.

    Raises:
        MissingExtra: torch is not installed (coopsim[learn]).
        UserError: an option out of range.

    Cost: rounds x networks x population x batch passes through the network; 1,000 rounds of
    the defaults take about a minute on two cores.
    """
    for name, given in (("rounds", rounds), ("batch", batch), ("population", population)):
        require_count(name, given, 2 if name == "population" else 1)
    require_count("hidden", hidden)
    with uncounted():
        torch = require("torch", extra="learn")
    clock = Clock(deadline)
    arena = _Arena.of(form, torch, hidden, device, seed)
    arena.warm(clock)
    best = arena.profile()
    least, used = np.inf, 0
    with contextlib.suppress(OutOfTime), keeping(clock):
        least = rough_regret(form, best)
        while used < rounds and least > tol:
            look()
            pace = rate * 0.05 ** ((used + 1) / rounds)
            arena.step(batch, population // 2, sigma, pace)
            used += 1
            if used % _LOOK == 0 or used == rounds:
                profile = arena.profile()
                regret = rough_regret(form, profile)
                if regret < least:
                    best, least = profile, regret
    return Found(
        (best,),
        f"{used} rounds of pseudo-gradient ascent of {len(arena.weights)} networks, {population} "
        f"perturbations and {batch} draws each",
        {"rounds": used},
        finished=False,
        details=(reported(form, best, clock, parameters=int(arena.weights[0].numel())),),
    )


@dataclass
class _Arena:
    """The networks as flat weights, and how they learn.

    Args:
        form: the auction.
        torch: the library.
        weights: one vector a network.
        shapes: of the layers' matrices and offsets.
        seat: the network of each player.
        generator: of everything drawn.
        moments: first and second moments of Adam for each network, and the steps taken.
    """

    form: SealedBidForm
    torch: Any
    weights: list[Any]
    shapes: tuple[tuple[int, ...], ...]
    seat: tuple[int, ...]
    generator: Any
    moments: list[tuple[Any, Any, int]]

    @classmethod
    def of(cls, form: SealedBidForm, torch: Any, hidden: int, device: str, seed: int) -> _Arena:
        """Fresh networks with random weights."""
        shapes = ((1, hidden), (hidden,), (hidden, hidden), (hidden,), (hidden, 1), (1,))
        seat = (0,) * form.n if form.alike else tuple(range(form.n))
        generator = torch.Generator(device=device)
        generator.manual_seed(seed)
        weights, moments = [], []
        for _ in range(max(seat) + 1):
            parts = [
                torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
                * (shape[0] ** -0.5 if len(shape) == 2 else 0.1)
                for shape in shapes
            ]
            flat = torch.cat([part.reshape(-1) for part in parts])
            weights.append(flat)
            moments.append((torch.zeros_like(flat), torch.zeros_like(flat), 0))
        return cls(form, torch, weights, shapes, seat, generator, moments)

    def bids(self, player: int, weights: Any, signals: Any) -> Any:
        """Bids `[P, B]` of networks with weights `[P, D]` at signals `[B]`."""
        signal = self.form.signals[player]
        at = ((signals - signal.low) / (signal.high - signal.low) * 2 - 1)[None, :, None]
        begin = 0
        for layer in range(0, len(self.shapes), 2):
            rows, columns = self.shapes[layer]
            matrix = weights[:, begin : begin + rows * columns].reshape(-1, rows, columns)
            begin += rows * columns
            at = at @ matrix + weights[:, None, begin : begin + columns]
            begin += columns
            if layer + 2 < len(self.shapes):
                at = self.torch.nn.functional.selu(at)
        scale = self.form.highest_value
        return scale * self.torch.nn.functional.softplus(at[..., 0])

    def warm(self, clock: Clock) -> None:
        """Lead every network to bids of half the own value by least squares."""
        for network, flat in enumerate(self.weights):
            player = self.seat.index(network)
            own = self.form.types[player]
            worth = float(np.asarray(self.form.weights)[player, player])
            signals = self.torch.as_tensor(own, device=flat.device)
            goal = 0.5 * worth * signals / self.form.highest_value
            learned = flat.clone().requires_grad_(True)
            moments = self.moments[network]
            for _ in range(_WARM):
                if clock.over:
                    break
                bids = self.bids(player, learned[None], signals)[0] / self.form.highest_value
                (slope,) = self.torch.autograd.grad(((bids - goal) ** 2).mean(), learned)
                step, moments = _adam(moments, slope)
                learned = (learned - 0.02 * step).detach().requires_grad_(True)
            self.weights[network] = learned.detach()

    def step(self, batch: int, pairs: int, sigma: float, rate: float) -> None:
        """One step of every network against the present ones."""
        torch = self.torch
        draws = torch.rand(
            (batch, self.form.n),
            generator=self.generator,
            dtype=torch.float64,
            device=self.weights[0].device,
        )
        signals = [self._signals(i, draws[:, i]) for i in range(self.form.n)]
        with torch.no_grad():
            played = [
                self.bids(i, self.weights[self.seat[i]][None], signals[i])[0]
                for i in range(self.form.n)
            ]
            for network in range(len(self.weights)):
                look()
                player = self.seat.index(network)
                self._ascend(network, player, signals, played, pairs, sigma, rate)

    def _ascend(
        self,
        network: int,
        player: int,
        signals: list[Any],
        played: list[Any],
        pairs: int,
        sigma: float,
        rate: float,
    ) -> None:
        torch, flat = self.torch, self.weights[network]
        noise = torch.randn(
            (pairs, len(flat)), generator=self.generator, dtype=flat.dtype, device=flat.device
        )
        both = torch.cat([flat + sigma * noise, flat - sigma * noise])
        earned = self._utility(player, self.bids(player, both, signals[player]), signals, played)
        slope = ((earned[:pairs] - earned[pairs:])[:, None] * noise).mean(0) / (2 * sigma)
        step, self.moments[network] = _adam(self.moments[network], slope)
        self.weights[network] = flat + rate * step

    def _utility(self, player: int, bids: Any, signals: list[Any], played: list[Any]) -> Any:
        """Mean utilities `[P]` of bids `[P, B]` against what the others play."""
        torch, form = self.torch, self.form
        rivals = torch.stack([played[j] for j in range(form.n) if j != player])
        highest = rivals.max(0).values
        weights = np.asarray(form.weights)[player]
        value = sum(float(w) * s for w, s in zip(weights, signals, strict=True))
        counts = bids >= form.reserve
        wins = (counts & (bids > highest)).to(bids.dtype)
        if form.rule == "first-price":
            return (wins * (value - bids)).mean(1)
        if form.rule == "all-pay":
            return (wins * value - bids * counts).mean(1)
        return (wins * (value - highest.clamp(min=form.reserve))).mean(1)

    def _signals(self, player: int, draws: Any) -> Any:
        """Signals at quantiles `draws` `[B]`."""
        values = self.form.signals[player].quantile(draws.cpu().numpy())
        return self.torch.as_tensor(values, dtype=draws.dtype, device=draws.device)

    def profile(self) -> tuple[Float, ...]:
        """The bid functions at the signals of the form."""
        parts = []
        with self.torch.no_grad():
            for i, own in enumerate(self.form.types):
                flat = self.weights[self.seat[i]]
                at = self.torch.as_tensor(own, device=flat.device)
                bids = self.bids(i, flat[None], at)[0].cpu().numpy()
                parts.append(np.where(bids >= self.form.reserve, bids, 0.0))
        return tuple(parts)


def _adam(moments: tuple[Any, Any, int], slope: Any) -> tuple[Any, tuple[Any, Any, int]]:
    """The direction of Adam (Kingma and Ba 2015) for a slope, and the moments after it."""
    first, second, count = moments
    first, second, count = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2, count + 1
    size = (second / (1 - 0.99**count)).sqrt() + 1e-10
    return first / (1 - 0.9**count) / size, (first, second, count)
