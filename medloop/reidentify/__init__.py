"""From results under pseudonyms back to the patients they are of, where the originals are: in house.

No table leads from a pseudonym to a patient, here or anywhere. The originals are given their pseudonyms
again, with the keys, and what carries the same ones is theirs.
"""
