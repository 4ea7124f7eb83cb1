"""The command line: one thin function a command. Typer enters here and nowhere else."""

from crmstudy.cli.app import app, main

__all__ = ["app", "main"]
