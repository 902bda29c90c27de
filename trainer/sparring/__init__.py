"""Sparring partners: programs that play matches against a running server, told apart from people."""
