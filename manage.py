#!/usr/bin/env python
"""Runs the desk's commands: `up`, `migrate`, `replay`, `evaluate`, `seed`, `make_agents` and Django's own."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "supportdesk.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
