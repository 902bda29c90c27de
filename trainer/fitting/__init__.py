"""From rows to models: families, how they are fitted, measured and judged."""
