"""Every way out of a Secret that we could think of, tried."""

import copy
import dataclasses
import hashlib
import hmac
import io
import json
import logging
import pickle
import pprint
import string
import traceback

import pytest
from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder

from tenants.crypto.secret import Secret

CANARY = "shpat_7f3a-canary-value"


@pytest.fixture
def secret() -> Secret:
    return Secret(CANARY)


def test_reveal_gives_the_value_back(secret: Secret) -> None:
    assert secret.reveal() == CANARY


@pytest.mark.parametrize(
    "show",
    [
        str,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!s}",
        lambda secret: f"{secret:>20}",
        lambda secret: "%s" % secret,  # noqa: UP031
        lambda secret: "{}".format(secret),  # noqa: UP032
        lambda secret: secret.value,
        lambda secret: string.Template("$x").substitute(x=secret),
        lambda secret: "".join([secret]),
        lambda secret: "a" + secret,
        lambda secret: secret + "a",
        lambda secret: print(secret, file=io.StringIO()),
        bytes,
        list,
        len,
        iter,
        float,
        lambda secret: secret[0],
        lambda secret: CANARY in secret,
        lambda secret: secret < Secret("z"),
    ],
)
def test_a_secret_refuses_to_become_text_or_a_sequence(secret: Secret, show: object) -> None:
    with pytest.raises((TypeError, AttributeError)) as refused:
        show(secret)  # type: ignore[operator]
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("show", [repr, ascii, pprint.pformat, lambda s: f"{s!r}", lambda s: repr({"t": [s]})])
def test_repr_is_a_mask_so_that_error_reports_still_work(secret: Secret, show: object) -> None:
    shown = show(secret)  # type: ignore[operator]
    assert CANARY not in shown
    assert "Secret(***)" in shown


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_cannot_be_pickled_by_any_protocol(secret: Secret, protocol: int) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(secret, protocol)
    with pytest.raises(TypeError):
        pickle.dumps({"deep": [secret]}, protocol)


@pytest.mark.parametrize(
    "encode",
    [
        json.dumps,
        lambda secret: json.dumps({"t": secret}, default=str),
        lambda secret: json.dumps({"t": secret}, default=vars),
        lambda secret: json.dumps(secret, cls=DjangoJSONEncoder),
        signing.dumps,
        vars,
        lambda secret: secret.__getstate__(),
    ],
)
def test_a_secret_cannot_be_encoded(secret: Secret, encode: object) -> None:
    with pytest.raises(TypeError) as refused:
        encode(secret)  # type: ignore[operator]
    assert CANARY not in str(refused.value)


def test_json_with_repr_as_the_last_resort_gets_the_mask(secret: Secret) -> None:
    assert CANARY not in json.dumps({"t": secret}, default=repr)


def test_a_secret_cannot_be_hashed(secret: Secret) -> None:
    with pytest.raises(TypeError):
        hash(secret)
    with pytest.raises(TypeError):
        {secret}  # noqa: B018


def test_nothing_readable_hangs_on_the_object(secret: Secret) -> None:
    shown = [repr(getattr(secret, name, None)) for name in dir(secret)]
    assert not [text for text in shown if CANARY in text]


def test_a_secret_cannot_be_changed(secret: Secret) -> None:
    for change in (lambda: setattr(secret, "_open", lambda: "x"), lambda: setattr(secret, "other", 1)):
        with pytest.raises(AttributeError):
            change()
    with pytest.raises(AttributeError):
        del secret._open  # type: ignore[attr-defined]
    assert secret.reveal() == CANARY


def test_copies_are_the_same_object(secret: Secret) -> None:
    @dataclasses.dataclass
    class Holder:
        token: Secret

    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret
    assert CANARY not in repr(dataclasses.asdict(Holder(secret)))


def test_equality_holds_between_secrets_and_never_with_text(secret: Secret) -> None:
    assert secret == Secret(CANARY)
    assert secret != Secret(CANARY + "x")
    assert secret != CANARY
    assert CANARY != secret  # noqa: SIM300 - the other way round on purpose.
    assert secret not in (None, "")


def test_comparing_odd_text_neither_fails_nor_lies() -> None:
    assert Secret("\ud800") != Secret("\udc00")
    assert Secret("ß") == Secret("ß")


def test_logging_a_secret_writes_no_value(secret: Secret, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    log = logging.Logger("secret-test")  # noqa: LOG001 - one of our own, so that no other handler sees the record.
    log.addHandler(logging.StreamHandler(stream))
    log.error("token %s", secret)
    log.error("token %r", secret)
    log.error(secret)
    seen = stream.getvalue() + "".join(capsys.readouterr())
    assert CANARY not in seen
    assert "Secret(***)" in seen


def test_an_exception_that_carries_a_secret_shows_no_value(secret: Secret) -> None:
    try:
        raise RuntimeError(secret)
    except RuntimeError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert CANARY not in shown


def test_signing_is_hmac_sha256_with_the_value_as_the_key(secret: Secret) -> None:
    assert secret.sign(b"message") == hmac.new(CANARY.encode(), b"message", hashlib.sha256).digest()


def test_empty_and_foreign_values_are_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        Secret("")
    for value in (None, b"x", 7, Secret("x")):
        with pytest.raises(TypeError):
            Secret(value)  # type: ignore[arg-type]
