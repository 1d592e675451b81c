"""The handlers, in restricted Python: one module a theme. They are read by ``jitvm.rpython``, never imported to run."""
