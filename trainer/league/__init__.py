"""The league: how well models and outside references predict recorded people."""
