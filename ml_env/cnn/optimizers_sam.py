"""Sharpness-aware minimisation: a step goes by the gradient at the worst place nearby.

Foret et al. 2021, "Sharpness-Aware Minimization for Efficiently Improving Generalization",
arXiv:2010.01412. `cnn.network` makes the two gradients of a step; the optimizer here takes the
first one to climb to that place, and the second one, found there, back at the start.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
from keras import ops

SMALLEST_NORM = 1e-12  # a gradient of 0 climbs nowhere


class Sam(keras.optimizers.Optimizer):
    """An optimizer around another one.

    Parameters
    ----------
    inner : keras.optimizers.Optimizer
        It takes the step, and holds the rate and all that is remembered from step to step.
    rho : float
        How far the climb goes: the norm, over all weights together, of the way there.
    """

    def __init__(self, inner: keras.optimizers.Optimizer, rho: float):
        super().__init__(learning_rate=0.0, name="sam")
        self.inner, self.rho = inner, rho
        self._climbs = False
        self._go_back: Callable[[], None] | None = None

    @contextlib.contextmanager
    def climbing(self) -> Iterator[None]:
        """Make `apply` climb; the one after this context goes back and takes the step."""
        self._climbs = True
        try:
            yield
        finally:
            self._climbs = False

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Make what the inner optimizer remembers."""
        if not self.built:
            self.inner.build(variables)
            super().build(variables)

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[keras.Variable] | None = None
    ) -> None:
        """Climb with the first gradients of a step, take the step with the second ones."""
        known = self._trainable_variables if trainable_variables is None else trainable_variables
        variables = list(known)
        if not self.built:
            self.build(variables)
        if self._climbs:
            self._go_back = climb(variables, grads, self.rho)
            return
        if self._go_back is not None:
            self._go_back()
            self._go_back = None
        self.inner.apply(grads, variables)

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss as the inner optimizer wants it; a climb has any scale's direction."""
        return self.inner.scale_loss(loss)

    @property
    def variables(self) -> list[keras.Variable]:
        """All that is remembered from step to step."""
        return self._variables + self.inner.variables

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's."""
        return self.inner.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner.learning_rate = value

    @property
    def iterations(self) -> Any:
        """The inner optimizer's count of steps."""
        return self.inner.iterations


def climb(
    variables: Sequence[keras.Variable], gradients: Sequence[Any], rho: float
) -> Callable[[], None]:
    """Move the variables by `rho` along their gradients; return what brings them back.

    They come back to the bit, since what they were is kept; a difference would round.
    """
    before = [ops.copy(variable) for variable in variables]
    squares = [ops.sum(ops.square(g)) for g in gradients if g is not None]
    norm = ops.sqrt(sum(squares[1:], squares[0]))
    share = rho / ops.maximum(norm, SMALLEST_NORM)
    for variable, gradient in zip(variables, gradients, strict=True):
        if gradient is not None:
            variable.assign_add(gradient * share)

    def go_back() -> None:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)

    return go_back
