"""What Postex tells a person by mail: kinds of notice as data, and their words in the person's language.

A notice is a frozen dataclass; `bridge.channels.notice` puts it into the mailbox in the transaction of the act it
tells of. Texts are marked where they stand and translated under `bridge/locale` (S34, S64, S66).
"""

from bridge.notices.access import BreakGlassOpened as BreakGlassOpened
from bridge.notices.access import PasswordReset as PasswordReset
from bridge.notices.access import RecoveryCodeUsed as RecoveryCodeUsed
from bridge.notices.batches import BatchCancelled as BatchCancelled
from bridge.notices.batches import BatchCommitted as BatchCommitted
from bridge.notices.batches import BatchDisagrees as BatchDisagrees
from bridge.notices.batches import BatchWaits as BatchWaits
from bridge.notices.devices import DeviceAdded as DeviceAdded
from bridge.notices.devices import DeviceHandedOut as DeviceHandedOut
from bridge.notices.devices import DeviceRevoked as DeviceRevoked
from bridge.notices.keys import BreakGlassApproved as BreakGlassApproved
from bridge.notices.keys import BreakGlassTold as BreakGlassTold
from bridge.notices.keys import DocumentsClosed as DocumentsClosed
from bridge.notices.keys import KeysReplaced as KeysReplaced
from bridge.notices.keys import ResetClosesDocuments as ResetClosesDocuments
from bridge.notices.ladder import StillUnread as StillUnread
from bridge.notices.looks import WhoLooked as WhoLooked
from bridge.notices.paper import PaperReturned as PaperReturned
from bridge.notices.people import IdentityChanged as IdentityChanged
from bridge.notices.people import IdentityUndone as IdentityUndone
from bridge.notices.people import Resumed as Resumed
from bridge.notices.people import RolesGranted as RolesGranted
from bridge.notices.people import Suspended as Suspended
from bridge.notices.rendering import Notice as Notice
from bridge.notices.rendering import render as render
from bridge.notices.secrets import PasswordChanged as PasswordChanged
from bridge.notices.secrets import RecoveryCodesMade as RecoveryCodesMade
from bridge.notices.secrets import SecondFactorChanged as SecondFactorChanged
