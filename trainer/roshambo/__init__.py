"""A player that learns within one match, and the tournament of RoShamBo bots that it is measured in."""
