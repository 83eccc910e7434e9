"""Thin doors onto the services: parse, call one service, present."""
