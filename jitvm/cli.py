"""The ``jitvm`` command: loads what each program begins with, then does what the command line says (``runtime/command.py``)."""


def entry() -> None:
    """Ends the process by SystemExit, or by the script's own exception as ``python`` does."""
    from jitvm.runtime import bundle

    bundle.begin()
    from jitvm.runtime import command

    command.entry()
