"""What the command palette finds: a provider for each noun of the office, and one for what the frame offers.

Contract. `NOUNS` are loaded when the palette first opens: each entry gives a provider class.
"""

from collections.abc import Callable

from textual.command import Provider


def _accounts() -> type[Provider]:
    from postex_tui.palette.accounts import Accounts

    return Accounts


def _settings() -> type[Provider]:
    from postex_tui.palette.settings import SettingFinds

    return SettingFinds


def _domains() -> type[Provider]:
    from postex_tui.palette.domains import DomainFinds

    return DomainFinds


def _roles() -> type[Provider]:
    from postex_tui.palette.roles import RoleFinds

    return RoleFinds


def _requests() -> type[Provider]:
    from postex_tui.palette.requests import RequestFinds

    return RequestFinds


def _audit() -> type[Provider]:
    from postex_tui.palette.logs import AuditFinds

    return AuditFinds


def _service_log() -> type[Provider]:
    from postex_tui.palette.logs import ServiceLogFinds

    return ServiceLogFinds


def _preferences() -> type[Provider]:
    from postex_tui.palette.preferences import MyPreferences

    return MyPreferences


def _needs() -> type[Provider]:
    from postex_tui.palette.needs import NeedFinds

    return NeedFinds


def _sessions() -> type[Provider]:
    from postex_tui.palette.sessions import SessionFinds

    return SessionFinds


def _deliveries() -> type[Provider]:
    from postex_tui.palette.deliveries import DeliveryFinds

    return DeliveryFinds


def _outbox() -> type[Provider]:
    from postex_tui.palette.deliveries import OutboxFinds

    return OutboxFinds


def _batches() -> type[Provider]:
    from postex_tui.palette.deliveries import BatchFinds

    return BatchFinds


def _mine() -> type[Provider]:
    from postex_tui.palette.mine import MyData

    return MyData


def _frame() -> type[Provider]:
    from postex_tui.palette.frame import Frame

    return Frame


NOUNS: tuple[Callable[[], type[Provider]], ...] = (
    _accounts,
    _needs,
    _sessions,
    _preferences,
    _settings,
    _domains,
    _roles,
    _requests,
    _audit,
    _service_log,
    _deliveries,
    _outbox,
    _batches,
    _mine,
    _frame,
)
