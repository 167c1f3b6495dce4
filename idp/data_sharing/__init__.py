"""The only caller of `policies/`, and the only way for a user's data to leave: every token and answer gets it here.

`sharing` decides and releases; `released` is the only way out; `wanted` reads which fields and claims a request is
about; `inputs` looks up what decisions are made from; `life` holds the transitions of grants, `allowed` what they
allow; `documents` checks what operators write; `partner_life` and `agreement_life` hold the steps from a draft to what
is in force.
"""

from idp.data_sharing.documents import (
    SharingDataError,
    agreement_document,
    read_bundle,
    read_catalogue,
    read_partner,
    read_policies,
    read_toml,
)
from idp.data_sharing.released import NOTHING, Outgoing, Released, outgoing
from idp.data_sharing.sharing import Circumstances, DataSharing, Offer, OfferedField

__all__ = [
    "NOTHING",
    "Circumstances",
    "DataSharing",
    "Offer",
    "OfferedField",
    "Outgoing",
    "Released",
    "SharingDataError",
    "agreement_document",
    "outgoing",
    "read_bundle",
    "read_catalogue",
    "read_partner",
    "read_policies",
    "read_toml",
]
