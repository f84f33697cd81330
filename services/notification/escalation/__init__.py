"""Pages that go on to the next person until somebody acknowledges, or nobody is left.

The way of a page: a fact asks for somebody (`paging`, `subscribed`), an escalation begins with it
(`calling`), its steps are taken there and then by a timer (`running`). A step names targets, which
are people by now (`people`), each of whom gets a page (`reaching`). Whoever acknowledges one
(`acknowledging`; over HTTP, by a link or by a reply) ends them all. The rules are in `escalation`.
"""
