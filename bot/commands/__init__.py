"""What people can ask the bot. One module per subject, each handler `async def name(ask: Ask) -> Reply`.

How to add a command:

1. Write `async def queue(ask: Ask) -> Reply`. `ask` (bot/ask.py) carries the database, chat, destination, person, role,
   topics and the rest of the text in `ask.args`; `Reply` is HTML (escape with delivery.render.escape), a keyboard of
   (label, callback data or URL) rows, and the ids of the articles that it shows. Handlers open their own short
   transactions: `async with ask.db.begin() as tx:`. Run twice (after a crash) they do no harm.
2. List it: a module has `COMMANDS: tuple[Command, ...]`, `PRESSES: tuple[Press, ...]` (buttons) and, where it asks
   questions (storage.prompts), `ANSWERS: tuple[Answer, ...]`. Where handlers need more than `ask` gives (the desk, a
   fetcher), the module has functions that take those and return the tuples instead. bot/registry.py says what the
   fields mean; `who` decides on access for messages and buttons alike, before the handler runs.
3. Add the module to the registry that bot/app.py builds.

A button's reply edits the message that holds it, unless `Reply(fresh=True)`; a reply of only `toast=` edits nothing.
"""
