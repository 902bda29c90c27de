"""What the bot's way of playing wins over a whole race, exactly and not by simulation."""
