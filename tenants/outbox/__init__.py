"""An event is a row, written in the transaction of the change it tells of, and kept until its handlers have done their work.

`publish(event)` is all that domain code needs. Losing Redis, a worker or a poke loses nothing: the row stays, and the sweep
sends it again. Handlers are listed in settings.EVENT_HANDLERS, may be called more than once, and must be idempotent.
"""
