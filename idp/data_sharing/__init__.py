"""The only caller of `policies/`, and the only way for a user's data to leave: every token and answer gets it here.

`sharing` decides and releases, `offer` is what a person is asked, `answers` what is no claim of a profile, `audience`
what is about many people; `released` is the only way out. `wanted` reads which fields and claims a request is about;
`inputs` looks up what decisions are made from; `life` holds the transitions of grants, `allowed` what they allow,
`partner_history` what apps read of them; `quotas` counts requests; `partner_codes` are the reasons that partners are
told. `policy_in_force` is what all of it is decided by. `documents` checks what operators write of partners,
`policy_documents` what they write of the policy; `partner_life`, `agreement_life` and `policy_life` hold the steps from
a draft to what is in force. Who may do what with things of the group's own is no sharing: `policies.access` is handed
on as it is.
"""

from idp.data_sharing.answers import MOST_ROWS, Answers, Asking, can_be_stated
from idp.data_sharing.asking import Circumstances, Standing
from idp.data_sharing.audience import Audiences, Segment
from idp.data_sharing.decided import Foreseen
from idp.data_sharing.documents import SharingDataError, agreement_document, read_access_rules, read_partner
from idp.data_sharing.offer import Offer, OfferedField
from idp.data_sharing.released import NOTHING, Outgoing, Released, outgoing
from idp.data_sharing.sharing import DataSharing
from policies.access import NO_RULES, AccessRules, Act, Entity
from policies.agreement import Agreement, PurposeTerms, Rate
from policies.changes import TermChange

__all__ = [
    "MOST_ROWS",
    "NOTHING",
    "NO_RULES",
    "AccessRules",
    "Act",
    "Agreement",
    "Answers",
    "Asking",
    "Audiences",
    "Circumstances",
    "DataSharing",
    "Entity",
    "Foreseen",
    "Offer",
    "OfferedField",
    "Outgoing",
    "PurposeTerms",
    "Rate",
    "Released",
    "Segment",
    "SharingDataError",
    "Standing",
    "TermChange",
    "agreement_document",
    "can_be_stated",
    "outgoing",
    "read_access_rules",
    "read_partner",
]
