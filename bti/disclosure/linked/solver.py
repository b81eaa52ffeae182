"""Linear and whole-number programmes over data sets, solved by HiGHS.

What comes back is a suggestion: callers check every data set by adding it up.
"""

from typing import Final

import highspy
import numpy as np

from bti.disclosure.linked.cells import Incidence, Real, Whole
from bti.disclosure.linked.publication import UNLIMITED

_CLOSE: Final = 1e-6
_ANSWERED: Final = (
    highspy.HighsModelStatus.kOptimal,
    highspy.HighsModelStatus.kObjectiveTarget,
    highspy.HighsModelStatus.kSolutionLimit,
)
_FEASIBLE: Final = 2
"""HiGHS's number for a solution that keeps all bounds."""


class Programme:
    """All data sets x >= 0 whose sums over given rows lie within given ranges.

    `least` and `most` hold one bound for each row (UNLIMITED: none); `ceiling` bounds each
    combination and must be high enough to lose nothing; `floor` is what each must have.
    """

    def __init__(
        self, rows: Incidence, least: Whole, most: Whole, *, floor: Whole, ceiling: int
    ) -> None:
        """Hand the rows to the solver once; only the cost changes afterwards."""
        self._model = highspy.HighsLp()
        self._ceiling = float(ceiling)
        model = self._model
        model.num_col_, model.num_row_ = rows.width, rows.height
        model.col_cost_ = np.zeros(rows.width)
        model.col_lower_ = floor.astype(np.float64)
        model.col_upper_ = np.full(rows.width, float(ceiling))
        model.row_lower_ = least.astype(np.float64)
        model.row_upper_ = np.where(most == UNLIMITED, highspy.kHighsInf, most.astype(np.float64))
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = rows.starts
        matrix.index_ = rows.columns
        matrix.value_ = rows.weights.astype(np.float64)
        self._columns = np.arange(rows.width, dtype=np.int32)
        self._linear = _solver(self._model)
        self._whole: highspy.Highs | None = None

    def at_least(self, columns: Whole, floor: Whole) -> None:
        """Change what some combinations must have."""
        for solver in (self._linear, self._whole):
            if solver is not None:
                for column, value in zip(columns, floor, strict=True):
                    solver.changeColBounds(int(column), float(value), self._ceiling)
        lower = np.asarray(self._model.col_lower_)
        lower[columns] = floor
        self._model.col_lower_ = lower

    def relaxed(self, cost: Real) -> Real | None:
        """The cheapest data set in fractions, or None if there is none."""
        self._linear.changeColsCost(len(cost), self._columns, cost)
        self._linear.run()
        if self._linear.getModelStatus() not in _ANSWERED:
            return None
        return np.asarray(self._linear.getSolution().col_value, dtype=np.float64)

    def whole(
        self, cost: Real, *, seconds: float, start: Whole | None = None, target: float | None = None
    ) -> tuple[Whole | None, bool]:
        """A cheap data set in whole numbers, and whether the answer is final.

        Final: it is the cheapest there is, or reaches `target`, or (None) there is none at all.
        """
        if self._whole is None:
            self._model.integrality_ = [highspy.HighsVarType.kInteger] * len(cost)
            self._whole = _solver(self._model)
        solver = self._whole
        solver.changeColsCost(len(cost), self._columns, cost)
        solver.setOptionValue("time_limit", solver.getRunTime() + seconds)
        solver.setOptionValue("objective_target", -highspy.kHighsInf if target is None else target)
        if start is not None:
            known = highspy.HighsSolution()
            known.col_value = [float(value) for value in start]
            solver.setSolution(known)
        solver.run()
        final = solver.getModelStatus() in (*_ANSWERED, highspy.HighsModelStatus.kInfeasible)
        if solver.getInfo().primal_solution_status != _FEASIBLE:
            return None, final
        return np.rint(np.asarray(solver.getSolution().col_value)).astype(np.int64), final


class Detours:
    """Ways around: data sets near the truth, paid for by how far they move each given sum.

    In fractions; `price` is per child a row is moved by.
    """

    def __init__(self, rows: Incidence, truth: Whole, price: Real) -> None:
        """Hand the rows to the solver, each with a column for moving up and one for down."""
        self._height, self._width = rows.height, rows.width
        height, width = rows.height, rows.width
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = width + 2 * height, height + 1
        model.col_cost_ = np.concatenate([np.zeros(width), price, price])
        model.col_lower_ = np.zeros(width + 2 * height)
        model.col_upper_ = np.full(width + 2 * height, highspy.kHighsInf)
        model.row_lower_ = np.concatenate([truth, [-highspy.kHighsInf]]).astype(np.float64)
        model.row_upper_ = np.concatenate([truth, [highspy.kHighsInf]]).astype(np.float64)
        down, up = width + np.arange(height), width + height + np.arange(height)
        lists = [np.append(rows.row(n), [down[n], up[n]]) for n in range(height)]
        signs = [np.append(np.ones(len(rows.row(n))), [1.0, -1.0]) for n in range(height)]
        # The last row is the cell in question: every combination has a place in it, in use or not.
        lists.append(np.arange(width))
        signs.append(np.zeros(width))
        matrix = model.a_matrix_
        matrix.format_ = highspy.MatrixFormat.kRowwise
        matrix.start_ = np.concatenate([[0], np.cumsum([len(one) for one in lists])])
        matrix.index_ = np.concatenate(lists)
        matrix.value_ = np.concatenate(signs)
        self._solver = _solver(model)
        self._inside: Whole = np.zeros(0, dtype=np.int64)

    def cheapest(self, inside: Whole, target: int, *, down: bool) -> Real | None:
        """How far each row is moved when the sum of `inside` is brought to a target, or None."""
        for column in self._inside:
            self._solver.changeCoeff(self._height, int(column), 0.0)
        for column in inside:
            self._solver.changeCoeff(self._height, int(column), 1.0)
        self._inside = inside
        infinity = highspy.kHighsInf
        low, high = (-infinity, float(target)) if down else (float(target), infinity)
        self._solver.changeRowBounds(self._height, low, high)
        self._solver.run()
        if self._solver.getModelStatus() not in _ANSWERED:
            return None
        found = np.asarray(self._solver.getSolution().col_value)[self._width :]
        moved: Real = found[: self._height] + found[self._height :]
        return moved

    def free(self, rows: Whole) -> None:
        """Let some rows be moved for nothing from now on."""
        for row in rows:
            self._solver.changeColCost(self._width + int(row), 0.0)
            self._solver.changeColCost(self._width + self._height + int(row), 0.0)


def rounded(values: Real) -> Whole | None:
    """The whole numbers that fractions stand for, or None if some stand for none."""
    near = np.rint(values)
    if np.abs(values - near).max(initial=0.0) > _CLOSE:
        return None
    return near.astype(np.int64)


def _solver(model: highspy.HighsLp) -> "highspy.Highs":
    # Not its Python face, which prints a banner to standard output before it can be told not to.
    solver: highspy.Highs = highspy._Highs()  # type: ignore[attr-defined] # noqa: SLF001
    solver.setOptionValue("output_flag", False)  # noqa: FBT003 - its own signature
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.5)
    solver.passModel(model)
    return solver
