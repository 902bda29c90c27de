"""Gates over the bank of experts: how they are taught, what they are as a graph, and how players are read with them."""
