"""Weights of voices for each player: the population's at first, and from every round what it tells of this one."""
