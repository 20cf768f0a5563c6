"""The same question put to another solver: day and practitioner as whole numbers, the windows as constraints on them."""

from datetime import date

from ortools.sat.python import cp_model

from sessions.scheduling.series import Proposal
from sessions.scheduling.walltime import day_start, local_day_of
from sessions.scheduling.windows import SHIPPED_TOLERANCE, window_after
from tests.scheduling.series_cases import every_slot, lacks

SQUARE, WISH, OUTSIDE, UNPLACED = 1 << 20, 1 << 34, 1 << 42, 1 << 48
FAR = 400


def cost_number(cost: tuple[int, int, int, int, int]) -> int:
    unplaced, outside, broken, squares, minutes = cost
    return unplaced * UNPLACED + outside * OUTSIDE + broken * WISH + squares * SQUARE + minutes


def best_cost(needs, openings, wishes) -> int:
    """The least cost as `cost_number` counts. Every session has a gap in days or weeks, and none stands."""
    model = cp_model.CpModel()
    first = needs[0].first_on.toordinal()
    terms = []
    before = None
    for number, need in enumerate(needs):
        placed, day, who, own = _session(model, need, openings, wishes, first, before)
        terms += own
        if before is not None:
            terms += _coupled(model, number, need, wishes, before, (placed, day, who))
        before = (placed, day, who)
    model.minimize(sum(terms))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_time_in_seconds = 60
    assert solver.solve(model) == cp_model.OPTIMAL
    return round(solver.objective_value)


def _session(model, need, openings, wishes, first, before):
    zone = openings.zone
    placed = model.new_bool_var("")
    day, who = model.new_int_var(0, FAR, ""), model.new_int_var(0, 50, "")
    chosen, costs = [], [UNPLACED * (1 - placed)]
    for slot in _cheapest_of_each_day(need, openings, wishes):
        on = local_day_of(slot.start, zone)
        lacking = lacks(need, slot, on, zone, wishes)
        if lacking & wishes.only:
            continue
        takes = model.new_bool_var("")
        chosen.append(takes)
        model.add(day == on.toordinal() - first).only_enforce_if(takes)
        model.add(who == slot.practitioner).only_enforce_if(takes)
        alone = need.gap is None and need.window is not None and not need.window[0] <= on <= need.window[1]
        off = (on - need.due_on).days
        minutes = slot.start - day_start(need.due_on, zone)
        costs.append(takes * (alone * OUTSIDE + len(lacking) * WISH + off**2 * SQUARE + minutes))
    model.add(sum(chosen) == placed)
    due = need.due_on.toordinal() - first
    later = model.new_int_var(0, FAR, "")
    model.add_max_equality(later, [due, before[1]] if before is not None else [due])
    model.add(day == later).only_enforce_if(placed.negated())
    return placed, day, who, costs


def _cheapest_of_each_day(need, openings, wishes):
    """Of the times of one day with one practitioner only the cheapest can be chosen: the model stays small."""
    best = {}
    for slot in every_slot(need, openings):
        on: date = local_day_of(slot.start, openings.zone)
        lacking = lacks(need, slot, on, openings.zone, wishes)
        key = (on, slot.practitioner)
        rank = (bool(lacking & wishes.only), len(lacking), slot.start)
        if key not in best or rank < best[key][0]:
            best[key] = (rank, slot)
    return [slot for _rank, slot in best.values()]


def _coupled(model, number, need, wishes, before, now):
    was_placed, was_on, was_who = before
    placed, day, who = now
    window = window_after(need.due_on, need.gap, SHIPPED_TOLERANCE)
    least, most = (window.earliest_on - need.due_on).days, (window.latest_on - need.due_on).days
    inside, changed = model.new_bool_var(""), model.new_bool_var("")
    model.add(day >= was_on + least).only_enforce_if([placed, inside])
    model.add(day <= was_on + most).only_enforce_if([placed, inside])
    model.add(day >= was_on + 1).only_enforce_if(placed)
    if wishes.same_practitioner:
        model.add(who == was_who).only_enforce_if([placed, was_placed, changed.negated()])
    outside = model.new_bool_var("")
    model.add_bool_or([inside, outside, placed.negated()])
    return [outside * OUTSIDE, changed * WISH]


def cost_of_proposal(proposal: Proposal, needs, openings) -> int:
    slots = {choice.number: choice for choice in proposal.choices}
    minutes = sum(
        slots[need.number].slot.start - day_start(need.due_on, openings.zone)
        for need in needs
        if slots[need.number].slot is not None
    )
    return cost_number((proposal.unplaced, proposal.outside, proposal.broken, proposal.squares, minutes))
