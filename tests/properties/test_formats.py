"""Laws of Gambit's formats: what is written is read back, number by number."""

from __future__ import annotations

import contextlib
import math
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import coopsim
from coopsim import ExtensiveForm, NormalForm, TreeBuilder
from coopsim.errors import UserError
from coopsim.games.formats import efgwriter, nfg, parse
from coopsim.games.forms.tree.sampling import random_tree

laws = settings(max_examples=80, deadline=None, derandomize=True, database=None)
fractions = st.fractions(-(10**12), 10**12, max_denominator=10**9)
# as large as forms take payoffs, and apart by more than they ask for
floats = st.floats(-1e100, 1e100).map(lambda value: value if abs(value) > 1e-90 else 0.0)
# a text that ends in a backslash cannot be written in the format
texts = st.text(max_size=8).map(lambda text: text.rstrip("\\"))


def distinct(size: int) -> st.SearchStrategy[list[str]]:
    named = texts.filter(bool)
    return st.lists(named, min_size=size, max_size=size, unique=True)


@st.composite
def matrices(draw: st.DrawFn) -> NormalForm:
    shape = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    count = math.prod(shape) * len(shape)
    numbers: st.SearchStrategy[Any] = draw(st.sampled_from([fractions, floats]))
    values = draw(st.lists(numbers, min_size=count, max_size=count))
    tensor = np.empty(count, dtype=object)
    tensor[:] = values
    return NormalForm(
        tensor.reshape((len(shape), *shape)),
        draw(distinct(len(shape))),
        [draw(distinct(size)) for size in shape],
        draw(texts),
        draw(texts),
    )


@st.composite
def trees(draw: st.DrawFn) -> ExtensiveForm:
    """A random tree with payoffs of any kind, and chance in fractions or floats."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    form = random_tree(
        rng,
        players=draw(st.integers(1, 3)),
        depth=draw(st.integers(0, 4)),
        forgetful=draw(st.booleans()),
    )
    numbers: st.SearchStrategy[Any] = draw(st.sampled_from([fractions, floats]))
    shape = form.payoffs.shape
    values = np.empty(shape, dtype=object)
    pool = draw(st.lists(numbers, min_size=1, max_size=6))
    values.ravel()[:] = [pool[k] for k in rng.integers(0, len(pool), values.size)]
    return form.with_payoffs(values)


def same_tree(one: ExtensiveForm, other: ExtensiveForm) -> None:
    for name in ("parent", "action", "player", "infoset", "probability", "levels"):
        assert np.array_equal(getattr(one.tree, name), getattr(other.tree, name)), name
    assert one.players == other.players
    assert one.infosets.labels == other.infosets.labels
    assert one.infosets.action_labels == other.infosets.action_labels
    assert np.array_equal(one.payoffs, other.payoffs)
    if one.exact is not None:
        assert other.exact is not None
        assert (one.exact == other.exact).all()
    mine, read = one.tree.exact_probability, other.tree.exact_probability
    if mine is not None:
        assert read is not None
        assert mine.tolist() == read.tolist()


@laws
@given(matrices())
def test_matrices_are_read_back_as_they_were(form: NormalForm) -> None:
    again = nfg.parse(nfg.dump(form))
    assert np.array_equal(form.payoffs, again.payoffs)
    if form.exact is not None:
        assert again.exact is not None
        assert (form.exact == again.exact).all()
    assert (form.players, form.actions) == (again.players, again.actions)
    assert (form.title, form.comment) == (again.title, again.comment)
    assert nfg.dump(again) == nfg.dump(form) or form.exact is None


@laws
@given(trees(), texts, texts)
def test_trees_are_read_back_as_they_were(form: ExtensiveForm, title: str, comment: str) -> None:
    text = efgwriter.dump(form)
    again = parse(text)
    assert isinstance(again, ExtensiveForm)
    same_tree(form, again)
    assert efgwriter.dump(again) == text or form.exact is None


@laws
@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=6))
def test_probabilities_that_are_floats_come_back_as_the_same_floats(weights: list[float]) -> None:
    shares = [weight / sum(weights) for weight in weights]
    tree = TreeBuilder(["a"])
    for end in tree.chance(tree.root, shares):
        tree.terminal(end, [0])
    form = tree.build()
    again = parse(efgwriter.dump(form))
    assert isinstance(again, ExtensiveForm)
    assert np.array_equal(form.tree.probability, again.tree.probability)


@laws
@given(texts, texts)
def test_files_keep_every_character(title: str, comment: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "game.nfg")
        coopsim.write(NormalForm([[Fraction(1, 3)]], title=title, comment=comment), path)
        again = coopsim.read(path)
    assert (again.title, again.comment) == (title, comment)


@laws
@given(st.text(alphabet='NEFG12RDcpt"{}, \n/-.e\\', max_size=80))
def test_any_text_is_a_game_or_a_user_error(text: str) -> None:
    for head in ("", 'NFG 1 R "" { "a" } ', 'EFG 2 R "" { "a" } '):
        with contextlib.suppress(UserError):  # and no other error
            parse(head + text)
