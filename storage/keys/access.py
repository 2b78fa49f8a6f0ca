"""Who besides its owner may read a key file: its mode bits, and the access list (acl(5)) where there is one.

The list matters because systemd hands a credential to a service with its own user by an entry for that user; the
group bits of the mode then show the list's mask, `0440`, while no group may read the file.
"""

import os
import stat
import struct

_ACL = "system.posix_acl_access"
_HEAD = 4
_ENTRY = struct.Struct("<HHI")
_NAMED_USER, _GROUP_OBJECT, _NAMED_GROUP = 0x02, 0x04, 0x08


def readable_by_others(descriptor: int) -> bool:
    """Whether anyone but root, the owner and the present user has a right to this open file."""
    mode = os.fstat(descriptor).st_mode
    if mode & stat.S_IRWXO:
        return True
    return bool(mode & stat.S_IRWXG) and _granted_to_others(_access_list(descriptor))


def _access_list(descriptor: int) -> bytes:
    try:
        return os.getxattr(descriptor, _ACL)
    except OSError:
        return b""


def _granted_to_others(access_list: bytes) -> bool:
    """Whether the list gives a right to a group or to another user. Without a list the mode's group bits speak."""
    if not access_list:
        return True
    return any(
        rights and (tag in (_GROUP_OBJECT, _NAMED_GROUP) or (tag == _NAMED_USER and user != os.geteuid()))
        for tag, rights, user in _ENTRY.iter_unpack(access_list[_HEAD:])
    )
