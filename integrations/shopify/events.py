"""What happens in this package that others may want to know. Ids only."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class OrderContextWanted:
    """Somebody looks at a contact whose stored orders are missing or older than a minute."""

    context_id: int
    queue: ClassVar[str] = "interactive"


@dataclass(frozen=True, slots=True)
class OrderContextDue:
    """Somebody is likely to look soon at a contact whose stored orders are missing or older than a minute."""

    context_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class StoreConnected:
    """A store was connected, or connected again."""

    store_id: int
    queue: ClassVar[str] = "interactive"


@dataclass(frozen=True, slots=True)
class StoreCheckWanted:
    """An owner wants to know what of a connection works; or the app was opened in Shopify."""

    store_id: int
    queue: ClassVar[str] = "interactive"


@dataclass(frozen=True, slots=True)
class StoreDisconnected:
    """A store was disconnected. The token that may still uninstall the app travels sealed, in a row of its own."""

    farewell_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """Shopify says that a store or its permissions changed."""

    store_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class OrderDeleted:
    """Shopify says that an order was deleted; whose it was, it does not say."""

    store_id: int
    order_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class UninstallReported:
    """A webhook says that the app was uninstalled from a store, which was in this generation when it came."""

    store_id: int
    generation: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class StoreNeedsAttention:
    """A store cannot be read until somebody acts."""

    store_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class WebhooksCheckDue:
    """It is time to compare what a store tells us with what it should."""

    store_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class StoreProbeWanted:
    """It is time to see whether a store that could not be read can be read again."""

    store_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class StoreAccessAged:
    """The access to a store was not renewed for a fortnight, or is one that never expires."""

    store_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class StoreErasureAsked:
    """Shopify asked for what is left of a store to be erased."""

    request_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class ErasureContinues:
    """A stretch of an erasure: which sweep, and from which row on."""

    request_id: int
    sweep: int = 0
    after: int = 0
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class ErasureSettles:
    """A person was erased a while ago: whatever was under way then has ended."""

    request_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class DataRequestContinues:
    """A stretch of the file that answers a data request, as in tenants/events.py."""

    request_id: int
    section: int = 0
    after: int = 0
    piece: int = 1
    position: int = 0
    size: int = 0
    entries: int = 0
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class DataRequestNear:
    """The day comes near on which a customer's data must have been handed over."""

    request_id: int
    queue: ClassVar[str] = "background"


@dataclass(frozen=True, slots=True)
class ReconciliationDue:
    """It is time to look for what webhooks did not tell of a store."""

    store_id: int
    queue: ClassVar[str] = "background"
