"""The log as a stream on NATS JetStream, for whoever wants to follow play without asking the database."""
