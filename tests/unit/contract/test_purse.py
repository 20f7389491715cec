"""Any sequence of operations balances, and pays out what came in, no more."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contract.domain.money.currencies import minor_units, written
from services.contract.domain.money.invoice import (
    Answer,
    InvoiceState,
    OrderKind,
    OrderState,
    Outcome,
    Payment,
    ProviderName,
    Tariff,
)
from services.contract.domain.money.ledger import Account, Entry, EntryKind, Purpose, Unbalanced
from services.contract.domain.money.purse import Purse
from services.contract.domain.money.references import new_reference, references_in

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PAYER, PAYEE, BROKER, DEAL = (UUID(int=number) for number in range(1, 5))
TARIFF = Tariff()
OPERATIONS = ("bank", "stripe", "again", "release", "give_back", "cancel", "done", "refused", "take_back")


def purse(amount: int = 1_000_003, broker: UUID | None = BROKER) -> Purse:
    return Purse.issue(DEAL, (amount, "CNY"), (PAYER, PAYEE, broker), TARIFF, NOW)


def balances(this: Purse) -> dict[Purpose, int]:
    found: dict[Purpose, int] = {}
    for entry in this.entries:
        assert sum(posting.minor_units for posting in entry.postings) == 0
        for posting in entry.postings:
            found[posting.account.purpose] = found.get(posting.account.purpose, 0) + posting.minor_units
    return found


def operate(this: Purse, name: str, number: int) -> None:
    """Do it where it may be done: that is for the deal's state machine to say."""
    invoice, orders = this.invoice, [each for each in this.orders if each.state.value in {"requested", "waiting"}]
    match name:
        case "bank" | "stripe":
            this.receive(Payment(ProviderName(name), f"{name}{len(this.receipts)}", number), TARIFF, NOW)
        case "again" if this.receipts:
            first = this.receipts[0]
            assert this.receive(Payment(first.provider, first.remote_id, first.amount), TARIFF, NOW) is None
        case "release" if invoice.state is InvoiceState.HELD:
            this.release(NOW)
        case "give_back" if invoice.state is InvoiceState.HELD:
            this.give_back(min(number, invoice.held), NOW)
        case "cancel" if invoice.state is InvoiceState.OPEN:
            this.cancel(NOW)
        case "done" | "refused" if orders:
            order = orders[number % len(orders)]
            outcome = Outcome.DONE if name == "done" else Outcome.LATER
            this.answered(order, Answer(outcome, f"remote{order.order_id}"), TARIFF, NOW)
        case "take_back" if invoice.state is InvoiceState.RELEASED and this.settled:
            this.take_back(NOW)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(1, 10**12),
    st.booleans(),
    st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(1, 10**12)), max_size=25),
)
def test_any_sequence_of_operations_balances(amount: int, broker: bool, operations: list[tuple[str, int]]) -> None:
    this = purse(amount, BROKER if broker else None)
    for name, number in operations:
        operate(this, name, number)
    found, invoice = balances(this), this.invoice
    assert sum(found.values()) == 0
    assert -found.get(Purpose.HELD, 0) == invoice.held
    assert found.get(Purpose.RECEIVABLE, 0) == invoice.outstanding
    for receipt in this.receipts:
        drawn = [each for each in this.orders if each.receipt_id == receipt.receipt_id]
        out = sum(each.amount for each in drawn if each.kind is not OrderKind.REVERSAL)
        back = sum(each.amount for each in drawn if each.kind is OrderKind.REVERSAL)
        assert 0 <= receipt.spent == out - back <= receipt.amount
    causes = [entry.cause for entry in this.entries]
    assert len(causes) == len(set(causes)), "a fact is booked once"


@pytest.mark.parametrize(("held", "commission"), [(1_000_003, 100_000), (1_000_005, 100_001), (4, 0), (5, 1)])
def test_the_broker_has_its_share_rounded_half_up(held: int, commission: int) -> None:
    this = purse(held)
    this.receive(Payment(ProviderName.BANK, "1", held), TARIFF, NOW)
    assert this.release(NOW) == (held - commission, commission)


def test_each_order_draws_on_money_of_its_own_provider() -> None:
    this = purse(100, None)
    this.receive(Payment(ProviderName.STRIPE, "ch_1", 30), TARIFF, NOW)
    this.receive(Payment(ProviderName.BANK, "line", 70), TARIFF, NOW)
    assert this.invoice.hold_expires_at == NOW + TARIFF.hold_stripe, "the shorter hold of the two"
    this.release(NOW)
    assert [(each.provider, each.amount, each.source_id, each.state) for each in this.orders] == [
        (ProviderName.STRIPE, 30, "ch_1", OrderState.REQUESTED),
        (ProviderName.BANK, 70, "line", OrderState.WAITING),
    ]


def test_more_than_is_held_is_not_given_back() -> None:
    this = purse(100)
    this.receive(Payment(ProviderName.BANK, "1", 100), TARIFF, NOW)
    before = len(this.entries)
    with pytest.raises(ValueError, match="101 of 100"):
        this.give_back(101, NOW)
    assert (this.invoice.held, len(this.entries)) == (100, before)


def test_an_entry_that_does_not_balance_is_a_mistake_of_ours() -> None:
    bank, fees = Account(Purpose.BANK, "CNY"), Account(Purpose.FEES, "CNY")
    for lines in ([], [(bank, 0)], [(bank, 1)], [(bank, 1), (Account(Purpose.FEES, "USD"), -1)]):
        with pytest.raises(Unbalanced):
            Entry.of(EntryKind.FEE, "x", NOW, None, lines)
    assert Entry.of(EntryKind.FEE, "x", NOW, None, [(bank, 1), (fees, -1)])


def test_an_account_is_the_halls_or_a_partys() -> None:
    with pytest.raises(ValueError, match="party"):
        Account(Purpose.HELD, "CNY")
    with pytest.raises(ValueError, match="hall"):
        Account(Purpose.BANK, "CNY", PAYER)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_amounts_are_written_and_read_back(amount: int, currency: str) -> None:
    assert minor_units(written(amount, currency), currency) == amount


@pytest.mark.parametrize("text", ["1.001", "x", "", "NaN", "Infinity", "1e40", "1,5"])
def test_what_is_no_amount_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        minor_units(text, "CNY")


def test_a_reference_is_found_however_it_is_written_and_a_wrong_one_is_not() -> None:
    reference = new_reference()
    spaced = " ".join(reference[place : place + 4] for place in range(0, len(reference), 4)).lower()
    assert references_in(f"fee/{spaced}-许可费") == [reference]
    wrong = reference[:-1] + ("2" if reference[-1] != "2" else "3")
    assert references_in(wrong) == []
    assert references_in(f"{reference} {reference}") == [reference]
    assert references_in(reference[:-1]) == []
