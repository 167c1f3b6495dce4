"""What a privacy officer asks of a policy before it is in force: its tests, its proofs, what changes.

Nothing here decides about a person's data: the decisions are `data_sharing`'s alone.
"""
