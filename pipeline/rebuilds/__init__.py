"""Scheduled rebuilds: a line of champions, each replaced only by a model that is not worse.

`sides` says for ever on which side a subject stands, `facts` what a rebuild was made of and what
changed since the last, `decision` whether the new model replaces the champion, `champions` keeps
their history and the link to the present one, `note` tells people.
"""
