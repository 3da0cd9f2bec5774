"""Scrapes and commands."""
