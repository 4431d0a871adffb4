"""`tidings`: the command line. Each command is small; the work is in the rooms."""

import importlib
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from config import VERSION

# Loaded when they are called: a summary need not wait for what the service needs.
WHERE = {
    "run": "bot.cli_run",
    "sandbox": "bot.cli_run",
    "ingest": "bot.cli_ingest",
    "summarize": "bot.cli_summarize",
    "digest": "bot.cli_ingest",
    "search": "bot.cli_search",
    "story": "bot.cli_story",
    "topics": "bot.cli_topics",
    "why": "bot.cli_topics",
    "sources": "bot.cli_sources",
    "deliveries": "bot.cli_deliveries",
    "db": "bot.cli_ops",
    "check": "bot.cli_ops",
    "bench": "bot.cli_ops",
}


class Commands(TyperGroup):
    """The commands by name, in the order of the help."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(WHERE)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in WHERE and cmd_name not in self.commands:
            self.add_command(_load(cmd_name), cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """A word that is no command is compared with all of them."""
        if args and args[0] not in WHERE:
            for name in WHERE:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


def _load(name: str) -> Any:
    found = getattr(importlib.import_module(WHERE[name]), name)
    group = found if isinstance(found, typer.Typer) else typer.Typer(add_completion=False)
    if group is not found:
        group.command(name)(found)
    command = typer.main.get_command(group)
    command.name = name
    return command


app = typer.Typer(
    cls=Commands,
    name="tidings",
    help="A news wire for Telegram: articles in; digests, alerts and answers out.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)


def show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Tidings {VERSION}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=show_version, help="print the version")
    ] = False,
) -> None:
    """A news wire for Telegram: articles in; digests, alerts and answers out."""
    del version


def main() -> None:
    app()
