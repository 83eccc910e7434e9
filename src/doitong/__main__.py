"""`python -m doitong` is the `doitong` command."""

from doitong.doors.cli.main import main

if __name__ == "__main__":
    main()
