"""The game itself: rules, match, features, fairness, policy and wire types. No I/O, no clock, no chance."""
