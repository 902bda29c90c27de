"""Where the temperaments of sparring people come from: recorded players, fitted and held against what they did."""
