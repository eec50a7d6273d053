"""The configuration of a test homeserver: which limits, how long tokens live, with or without federation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REGISTRATION_SECRET = "test-registration"
ENOUGH = {"per_second": 1_000_000, "burst_count": 1_000_000}
# Megabytes; small, so that a test meets it with a small file.
MAX_UPLOAD = 1


@dataclass(frozen=True)
class Variant:
    """What one kind of test homeserver does that another does not.

    `limits`: messages are limited to ten at once, then one every five seconds, as a public server does it.
    `short_tokens`: an access token lives 5 s if it can be refreshed, else 8 s.
    `sliding`: simplified sliding sync is offered.
    `answers_again_ms`: how long a repeated /sync gets the answer of the first; Synapse's own default is two minutes.
    """

    name: str
    limits: bool = False
    short_tokens: bool = False
    sliding: bool = True
    answers_again_ms: int = 0


FAST = Variant("fast")
LIMITS = Variant("limits", limits=True)
SHORT_TOKENS = Variant("short_tokens", short_tokens=True)
NO_SLIDING = Variant("no_sliding", sliding=False)


@dataclass(frozen=True)
class Federation:
    """What a homeserver needs to talk to others: its own TLS port, everyone's certificate, everyone's name."""

    port: int
    certificate: Path
    key: Path
    names: tuple[str, ...]


def homeserver(
    variant: Variant, port: int, *, server_name: str = "localhost", federation: Federation | None = None
) -> dict[str, object]:
    """A homeserver.yaml as a value; JSON is YAML too. Paths count from the server's folder."""
    return {
        "server_name": server_name,
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "pid_file": "homeserver.pid",
        "listeners": listeners(port, federation),
        "database": {"name": "sqlite3", "args": {"database": "homeserver.db"}},
        "log_config": "log.json",
        "media_store_path": "media",
        "signing_key_path": "signing.key",
        "registration_shared_secret": REGISTRATION_SECRET,
        "macaroon_secret_key": "test-macaroon",
        "form_secret": "test-form",
        "report_stats": False,
        "enable_registration": False,
        "max_upload_size": f"{MAX_UPLOAD}M",
        # Hashing that is quick instead of safe: a registration takes 30 ms.
        "bcrypt_rounds": 4,
        "url_preview_enabled": False,
        "presence": {"enabled": True},
        # Without this rule a room made with visibility "public" silently stays out of the directory.
        "room_list_publication_rules": [{"action": "allow"}],
        "user_directory": {"enabled": True, "search_all_users": True},
        "caches": {"sync_response_cache_duration": variant.answers_again_ms, "global_factor": 20},
        "event_cache_size": "200K",
        # A new database has fifty small upgrades to run; by default Synapse sleeps a second before each.
        "background_updates": {"sleep_enabled": False},
        "experimental_features": {"msc3575_enabled": variant.sliding},
        **reach(federation),
        **rates(limited=variant.limits),
        **lifetimes(short=variant.short_tokens),
    }


def listeners(port: int, federation: Federation | None) -> list[dict[str, object]]:
    """Loopback only: plain HTTP for clients, and TLS for other homeservers if there are any."""
    client: dict[str, object] = {
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "type": "http",
        "tls": False,
        "x_forwarded": False,
        "resources": [{"names": ["client"], "compress": False}],
    }
    if federation is None:
        return [client]
    servers = client | {"port": federation.port, "tls": True, "resources": [{"names": ["federation"]}]}
    return [client, servers]


def reach(federation: Federation | None) -> dict[str, object]:
    """Who the server talks to by itself: nobody (an empty list refuses all), or the named neighbours."""
    closed: dict[str, object] = {
        "trusted_key_servers": [],
        "suppress_key_server_warning": True,
        "federation_domain_whitelist": [],
    }
    if federation is None:
        return closed
    return closed | {
        "federation_domain_whitelist": list(federation.names),
        "tls_certificate_path": str(federation.certificate),
        "tls_private_key_path": str(federation.key),
        "federation_custom_ca_list": [str(federation.certificate)],
        # Loopback is refused otherwise.
        "ip_range_blacklist": [],
        "allow_public_rooms_over_federation": True,
    }


def rates(*, limited: bool) -> dict[str, object]:
    """Every rate limit wide open; with `limited`, messages alone keep Synapse's default (0.2 a second after 10)."""
    flat = (
        *("rc_message", "rc_admin_redaction", "rc_room_creation", "rc_joins_per_room", "rc_third_party_invite"),
        *("rc_registration", "rc_registration_token_validity", "rc_3pid_validation", "rc_media_create"),
        *("rc_key_requests", "rc_delayed_event_mgmt", "rc_reports", "rc_user_directory", "rc_profile"),
    )
    nested = {
        "rc_login": ("address", "account", "failed_attempts"),
        "rc_joins": ("local", "remote"),
        "rc_invites": ("per_room", "per_user", "per_issuer"),
        "rc_presence": ("per_user",),
    }
    every: dict[str, object] = dict.fromkeys(flat, ENOUGH)
    every |= {name: dict.fromkeys(parts, ENOUGH) for name, parts in nested.items()}
    if limited:
        del every["rc_message"]
    return every


def lifetimes(*, short: bool) -> dict[str, object]:
    """How long access tokens live: five minutes and for ever are the defaults."""
    return {"refreshable_access_token_lifetime": "5s", "nonrefreshable_access_token_lifetime": "8s"} if short else {}


def logging() -> dict[str, object]:
    """Warnings and every request, into homeserver.log; a value for Python's dictConfig."""
    handler = {"class": "logging.FileHandler", "filename": "homeserver.log", "formatter": "line", "encoding": "utf-8"}
    return {
        "version": 1,
        "formatters": {"line": {"format": "%(asctime)s %(name)s %(levelname)s %(message)s"}},
        "handlers": {"file": handler},
        "loggers": {"synapse.access": {"level": "INFO"}},
        "root": {"level": "WARNING", "handlers": ["file"]},
        "disable_existing_loggers": False,
    }
