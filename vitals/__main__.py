"""The command `vitals`, also as `python -m vitals`."""

from dashboard.cli.main import main

if __name__ == "__main__":
    main()
