"""`python -m bot …` is `tidings …` where no script was installed."""

from bot.cli import main

main()
