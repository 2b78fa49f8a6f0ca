"""One handler per command. `HANDLERS` is what a session executes and what may be announced."""

from collections.abc import Mapping

from bridge.imap.handlers import authentication, fetch, folders, general, messages, search, selection
from bridge.imap.protocol import commands as c
from bridge.imap.session import Handler

HANDLERS: Mapping[type[c.Command], Handler] = {
    c.Capability: general.capability,
    c.Noop: general.noop,
    c.Logout: general.logout,
    c.Id: general.identify,
    c.Enable: general.enable,
    c.Namespace: general.namespace,
    c.Idle: general.idle,
    c.StartTls: authentication.start_tls,
    c.Authenticate: authentication.authenticate,
    c.Login: authentication.login,
    c.Select: selection.select,
    c.Close: selection.close,
    c.Unselect: selection.unselect,
    c.Check: selection.check,
    c.Create: folders.create,
    c.Delete: folders.delete,
    c.Rename: folders.rename,
    c.Subscribe: folders.subscribe,
    c.Unsubscribe: folders.unsubscribe,
    c.List: folders.listing,
    c.Lsub: folders.lsub,
    c.Status: folders.status,
    c.Append: messages.append,
    c.Store: messages.store,
    c.CopyTo: messages.copy_to,
    c.Expunge: messages.expunge,
    c.Fetch: fetch.fetch,
    c.Search: search.search,
}
