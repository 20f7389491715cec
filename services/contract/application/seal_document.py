from services.contract.application.ports import Clock, DealBook, Sealing, Seals
from services.contract.domain.happenings import Seal


async def seal_document(
    book: DealBook, seals: Seals, clock: Clock, sealing: Sealing, *, file: bytes, seal: Seal
) -> None:
    """A signature act has been carried out: `file` is the document with it.

    Carried out before, by a worker that then died or lost its lead: nothing is left to do.
    """
    deal = await book.deal_to_change(sealing.deal_id, seen_by=None)
    final = seal.organisation_id == deal.subject.licensee_id
    if await seals.keep(sealing, file, seal, final=final):
        deal.seal(seal, clock())
        await book.save(deal)
