"""Choosing by buttons."""

from hypothesis import given
from hypothesis import strategies as st

from bot.commands import desk_pick
from bot.commands.desk_pick import HIGHEST, Choice

numbers = st.frozensets(st.integers(min_value=0, max_value=HIGHEST))


@given(numbers)
def test_a_choice_survives_its_journey_through_a_button(chosen: frozenset[int]) -> None:
    assert Choice.read(Choice.of(chosen).mask) == Choice(chosen)


@given(numbers, st.integers(min_value=0, max_value=HIGHEST))
def test_a_button_pressed_twice_changes_nothing(chosen: frozenset[int], number: int) -> None:
    choice = Choice.of(chosen)
    assert choice.toggled(number) != choice
    assert choice.toggled(number).toggled(number) == choice


@given(numbers, st.integers(min_value=1, max_value=HIGHEST + 1), st.integers(min_value=0, max_value=19))
def test_button_data_fits_telegram_s_64_bytes(chosen: frozenset[int], count: int, page: int) -> None:
    items = [(number, str(number)) for number in desk_pick.on_page(page, count)]
    data = "summary:" + "9" * 10
    rows = (
        *desk_pick.toggles(items, Choice.of(chosen), data=data, page=page, width=4),
        *desk_pick.turns(Choice.of(chosen), data=data, page=page, count=count),
    )
    assert all(len(button[1].encode()) <= 64 for row in rows for button in row)


@given(st.text(max_size=20))
def test_forged_data_chooses_nothing_impossible(mask: str) -> None:
    assert all(0 <= number <= HIGHEST for number in Choice.read(mask).numbers)


def test_chosen_items_carry_a_check_mark_and_pressing_one_drops_it() -> None:
    ((first, second),) = desk_pick.toggles([(0, "1"), (1, "2")], Choice.of({1}), data="s:7", page=0, width=4)
    assert first == ("▫️ 1", "s:7:3:0")
    assert second == ("✅ 2", "s:7:0:0")


def test_pages_turn_both_ways_and_keep_the_choice() -> None:
    assert desk_pick.turns(Choice.of({0}), data="s:7", page=0, count=8) == ()
    assert desk_pick.turns(Choice.of({0}), data="s:7", page=1, count=20) == (
        (("‹ Before", "s:7:1:0"), ("More ›", "s:7:1:2")),
    )
    assert desk_pick.on_page(9, 20) == range(16, 20)
