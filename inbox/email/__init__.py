"""E-mail as a channel: from bytes to a message in a conversation.

`files` finds mails in a mailbox file, `parsing` turns bytes into an `InboundMail`, `quoting` and `html` make its body fit
to be read, `inbound` decides where it belongs. Everything but `inbound` is pure: no database, no settings, no clock.
"""
