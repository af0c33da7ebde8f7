"""NormalForm: exact payoffs, names, restriction and variants."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from coopsim import NormalForm

PRISONERS = [[[3, 0], [5, 1]], [[3, 5], [0, 1]]]


def test_fractions_are_kept_and_floats_are_not_taken_for_exact() -> None:
    third = Fraction(1, 3)
    exact = NormalForm([[third, 1]])
    assert exact.exact is not None
    assert exact.exact.tolist() == [[third, Fraction(1)]]
    assert exact.payoffs.tolist() == [[1 / 3, 1.0]]
    assert NormalForm([[Fraction(1, 3), 0.5]]).exact is None
    assert NormalForm(PRISONERS).exact is None


def test_arrays_of_a_form_cannot_be_written_to() -> None:
    form = NormalForm(np.array(PRISONERS, dtype=float))
    with pytest.raises(ValueError, match="read-only"):
        form.payoffs[0, 0, 0] = 7


def test_restriction_is_the_cut_of_the_table_by_number_or_label() -> None:
    rng = np.random.default_rng(0)
    form = NormalForm(rng.random((3, 2, 3, 4)), actions=("ab", "cde", "fghi"))
    cut = form.restrict([["b"], [2, 0], ["f", "i", 1]])
    assert cut.actions == (("b",), ("e", "c"), ("f", "i", "g"))
    assert np.array_equal(cut.payoffs, form.payoffs[:, [1]][:, :, [2, 0]][..., [0, 3, 1]])


def test_reordering_all_actions_is_a_relabelling() -> None:
    """Mixed profiles reordered alike are paid alike."""
    rng = np.random.default_rng(1)
    form = NormalForm(rng.random((2, 3, 4)))
    turned = form.restrict([[2, 0, 1], [3, 2, 1, 0]])
    x, y = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4))
    assert np.allclose(form.expected((x, y)), turned.expected((x[[2, 0, 1]], y[::-1])))


def test_exact_payoffs_survive_restriction_and_relabelling() -> None:
    form = NormalForm([[[Fraction(1, 3), 2], [3, 4]], [[5, 6], [7, Fraction(8, 7)]]])
    cut = form.restrict([[0], [0]]).relabel(players=("A", "B"), title="t")
    assert cut.exact is not None
    assert cut.exact.ravel().tolist() == [Fraction(1, 3), Fraction(5)]
    assert (cut.players, cut.title) == (("A", "B"), "t")


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([[0], []], "at least one"),
        ([[0, 0], [1]], "only once"),
        ([[5], [0]], "no action 5"),
        ([["x"], [0]], "no action 'x'"),
        ([[0]], "of 2 players"),
    ],
)
def test_impossible_restrictions_are_refused(actions: list[list[int]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NormalForm(PRISONERS).restrict(actions)


@pytest.mark.parametrize(
    "payoffs", [[1.0, 2.0], [[[1, 2]]], [[[np.nan, 1], [1, 1]]] * 2, np.zeros((2, 0, 1))]
)
def test_tensors_that_are_no_game_are_refused(payoffs: object) -> None:
    with pytest.raises(ValueError, match=r"payoffs must|must be finite"):
        NormalForm(payoffs)  # type: ignore[arg-type]


def test_variants_are_normal_forms_one_by_one() -> None:
    rng = np.random.default_rng(2)
    tensor = rng.random((5, 2, 3, 4))
    variants = NormalForm.variants(tensor, players=("A", "B"))
    assert (len(variants), variants.n, variants.shape) == (5, 2, (3, 4))
    assert np.array_equal(variants[3].payoffs, tensor[3])
    assert variants[3].players == ("A", "B")
    assert not isinstance(variants, NormalForm)
    with pytest.raises(ValueError, match=r"\[V, n"):
        NormalForm.variants(tensor[0])
