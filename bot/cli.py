"""`tidings`: the command line. Each command is small; the work is in the rooms."""

from typing import Annotated

import typer

from bot import cli_news, cli_ops, cli_run

app = typer.Typer(
    name="tidings",
    help="A news wire for Telegram: articles in; digests, alerts and answers out.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)
app.command()(cli_run.run)
app.command()(cli_run.sandbox)
app.command()(cli_news.ingest)
app.command()(cli_news.summarize)
app.command()(cli_news.digest)
app.add_typer(cli_ops.db, name="db")
app.command()(cli_ops.check)
app.command()(cli_ops.bench)


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=cli_ops.show_version, help="print the version")
    ] = False,
) -> None:
    """A news wire for Telegram: articles in; digests, alerts and answers out."""
    del version


def main() -> None:
    app()
