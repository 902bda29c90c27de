"""A bank of small count experts on one player: what each expects of the coming throw, and how each has done so far.

Everything here is arithmetic on arrays of `g` games side by side. A game is one player's past as one reader sees it:
in training many players with one prior, in serving one player with the prior of each version.
"""
