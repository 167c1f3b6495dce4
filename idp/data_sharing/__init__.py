"""The only caller of `policies/`, and the only way for a user's data to leave: every token and answer gets it here.

`sharing` decides and releases; `released` is the only way out; `wanted` reads which fields and claims a request is
about; `inputs` looks up what decisions are made from; `documents` checks what operators write.
"""

from idp.data_sharing.documents import SharingDataError, agreement_document, check_partner, read_catalogue
from idp.data_sharing.released import NOTHING, Outgoing, Released, outgoing
from idp.data_sharing.sharing import DataSharing, Offer, OfferedField

__all__ = [
    "NOTHING",
    "DataSharing",
    "Offer",
    "OfferedField",
    "Outgoing",
    "Released",
    "SharingDataError",
    "agreement_document",
    "check_partner",
    "outgoing",
    "read_catalogue",
]
