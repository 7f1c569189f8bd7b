"""What AWS and an invoked function say is kept without the sensitive values that the run has met, however they are spelled."""

from __future__ import annotations

import base64
import html
import io
import json
import time
import zipfile
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.redaction import Redaction, is_telling
from reconciler.sandbox.around.faults import Fault, Script
from tests.commands.test_secrets import everything
from tests.conftest import ACCOUNT, REGION, House, function_spec

SECRET = "pa\"ss'w<o>r&d ü/+%\\x not-of-hex"  # no id that is drawn has any piece of it
SPELLINGS = {
    "as it is": SECRET,
    "in JSON": json.dumps(SECRET),
    "in JSON as UTF-8": json.dumps(SECRET, ensure_ascii=False),
    "in JSON in JSON": json.dumps(json.dumps({"TOKEN": SECRET})),
    "in HTML": html.escape(SECRET),
    "in XML": html.escape(SECRET).replace("&#x27;", "&apos;"),
    "in an address": f"https://x.example/?t={quote(SECRET, safe='')}",
    "in a path": quote(SECRET),
    "in a form": quote_plus(SECRET),
    "of Python": repr({"TOKEN": SECRET}),
    "of Python in ASCII": ascii(SECRET),
    "in base64": base64.b64encode(SECRET.encode()).decode(),
    "in base64 after another text": base64.b64encode(f"user:{SECRET}".encode()).decode(),
    "in base64 for addresses": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "in hex": SECRET.encode().hex(),
    "cut short": f"{SECRET[:20]}...",
    "cut in JSON": json.dumps(SECRET)[:20],
}
IN_BASE64 = tuple(base64.b64encode(SECRET[start : start + 9].encode()).decode() for start in range(3))
PIECES = ("not-of-hex", "w<o>r", "w&lt;o", "ss'w", *IN_BASE64, SECRET.encode().hex()[:12])


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_has_a_piece_that_is_looked_for(text: str) -> None:
    assert [piece for piece in PIECES if piece in text]


def variables(value: str) -> str:
    return f"Environment: {{Variables: {{TOKEN: {json.dumps(value, ensure_ascii=False)}}}}}"


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_an_echo_of_aws_is_hidden_in_every_spelling(house: House, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    house.write("checkout.yaml", function_spec(configuration=variables(SECRET)))
    fault = Fault("CreateFunction", code="InvalidParameterValueException", message=f"before {text} after")
    house.sandbox.gate.script = Script([fault])
    said = everything(house, house.run("apply", "--yes"))
    assert "before " in said
    assert "(sensitive)" in said
    assert not [piece for piece in PIECES if piece in said]


QUEUE = "event_source_mappings: {q: {EventSourceArn: 'arn:aws:sqs:us-west-2:123456789012:q'}}\n"
FAILING = ["CreateFunction", "UpdateFunctionConfiguration", "CreateEventSourceMapping"]


@pytest.mark.parametrize("operation", FAILING)
def test_a_reason_that_repeats_a_value_is_hidden(house: House, operation: str) -> None:
    if operation == "UpdateFunctionConfiguration":
        house.write("checkout.yaml", function_spec())
        house.apply()
    house.write("checkout.yaml", function_spec(configuration=variables(SECRET), extra=QUEUE))
    house.sandbox.gate.script = Script([Fault(operation, nth=1, fails=f"cannot decrypt {json.dumps(SECRET)}")])
    results = [house.run("apply", "--yes"), house.run("plan"), house.run("functions", "specs"), house.run("snapshot")]
    assert results[0].exit_code == 25
    said = everything(house, *results)
    assert "cannot decrypt" in said
    assert not [piece for piece in PIECES if piece in said]


CODE = """
import base64, json, os
def lambda_handler(event, context):
    token = os.environ["TOKEN"]
    print("token is", token)
    if event.get("raise"):
        raise ValueError(f"cannot log in with {token!r}")
    return {"token": token, "basic": base64.b64encode(f"u:{token}".encode()).decode(), token: 1, "nested": json.dumps([token])}
"""


def deployed(house: House, value: str, extra: str = "") -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("lambda_function.py", CODE)
    house.write("checkout.yaml", function_spec(configuration=variables(value), extra=extra))
    s3 = house.sandbox.clients.get("s3", ACCOUNT, REGION)
    s3.put_object(Bucket="artifacts", Key="v1.zip", Body=body.getvalue())
    assert house.run("apply", "--yes").exit_code == 0


@pytest.mark.parametrize("payload", ["{}", '{"raise": true}'], ids=["answers", "raises"])
@pytest.mark.parametrize("alias", ["", "live"])
def test_a_function_that_repeats_its_environment_is_kept_without_it(house: House, payload: str, alias: str) -> None:
    deployed(house, SECRET, "publish: true\naliases: {live: {FunctionVersion: published}}\n")
    result = house.run("invoke", "checkout", "--payload", payload, *(["--alias", alias] if alias else []))
    said = everything(house, result.out, result.err, house.run("tasks", "--format", "json").out)
    assert "token is (sensitive)" in said
    assert not [piece for piece in PIECES if piece in said]
    if payload == "{}":
        assert json.loads(result.out)["payload"]["token"] == "(sensitive)"


def test_a_header_that_repeats_the_log_says_no_more_than_the_log(house: House) -> None:
    """Lambda answers the tail of a log in a header, in base64."""
    deployed(house, SECRET)
    answer = house.run("invoke", "checkout").json()
    log = base64.b64decode(answer["sdkHttpMetadata"]["httpHeaders"]["x-amz-log-result"]).decode()
    assert log == answer["logResult"]
    assert "token is (sensitive)" in log


def test_an_answer_without_a_secret_stays_as_it_is(house: House) -> None:
    deployed(house, "prod")
    answer = json.loads(house.run("invoke", "checkout").out)["payload"]
    assert answer["token"] == "prod"


def test_an_environment_that_may_not_be_read_is_spoken_of(house: House) -> None:
    from reconciler.sandbox.refusals import Refused

    deployed(house, "prod")

    def watch(asked: str, _: object) -> None:
        if asked == "GetFunction":
            raise Refused("AccessDeniedException", "no", 403)

    house.sandbox.gate.watch = watch
    result = house.run("invoke", "checkout")
    assert result.exit_code == 0
    assert "warning: test/us-west-2/checkout: its environment could not be read" in result.err


# --- the value by itself -------------------------------------------------------------------------------------------


def redacted(text: str, *values: str, openly: tuple[str, ...] = ()) -> str:
    redaction = Redaction()
    redaction.learn(values)
    return redaction.text(text, openly)


KEPT = {
    "a word that everybody uses": ("prod is up", "prod"),
    "a digit": ("version 1", "1"),
    "three letters": ("abc", "abc"),
    "a region": ("in us-west-2", "us-west-2"),
    "a short word in a longer one": ("checkouts", "heck"),
}


@pytest.mark.parametrize(("text", "value"), KEPT.values(), ids=KEPT)
def test_what_is_no_secret_stays(text: str, value: str) -> None:
    assert redacted(text, value) == text


def test_what_the_call_names_openly_stays() -> None:
    arn = "arn:aws:sqs:us-west-2:123456789012:orders"
    assert redacted(f"no {arn}", arn, openly=(arn,)) == f"no {arn}"
    assert redacted(f"no {arn}", arn) == "no (sensitive)"


HIDDEN = {
    "a password in an address": ("postgres://ada:hunter2!@db/x", "login with hunter2! failed"),
    "an escaped password in an address": ("postgres://ada:hunter2%21@db/x", "login with hunter2! failed"),
    "a text of a document": (json.dumps({"user": "x", "deep": [{"k": "hunter2!"}]}), "login with hunter2! failed"),
    "a short secret": ("hunt", "login with 'hunt' failed"),
    "a line of a key": ("-----BEGIN KEY-----\nhunter2hunter2hunter2\n-----END KEY-----", "x hunter2hunter2hunter2 x"),
    "what blanks surround": ("  hunter2hunter2\n", "(hunter2hunter2)"),
}


@pytest.mark.parametrize(("value", "text"), HIDDEN.values(), ids=HIDDEN)
def test_what_is_a_secret_by_itself_is_hidden(value: str, text: str) -> None:
    assert "hunt" not in redacted(text, value)


def test_the_tail_of_a_log_may_begin_within_a_value() -> None:
    redaction = Redaction()
    redaction.learn([SECRET])
    tail = base64.b64encode(f"{SECRET[9:]} END".encode()).decode()
    assert base64.b64decode(redaction.log(tail)).decode() == "(sensitive) END"


def test_a_number_that_is_a_value_is_hidden_and_the_document_stays_one() -> None:
    redaction = Redaction()
    redaction.learn(["48151623"])
    assert json.loads(redaction.payload(b'{"pin": 48151623, "n": 1.50}')) == {"pin": "(sensitive)", "n": 1.5}
    assert redaction.payload(b'{"n": 1.50}') == b'{"n": 1.50}'


@given(st.text(min_size=4), st.text(), st.text())
def test_no_value_worth_hiding_is_left_anywhere(value: str, before: str, after: str) -> None:
    if is_telling(value) and len(value) >= 8:
        assert redacted(f"{before}{value}{after}", value).replace("(sensitive)", "").find(value) < 0
        document = {"k": value, "n": [value]}
        redaction = Redaction()
        redaction.learn([value])
        assert redaction.tree(document) == {"k": "(sensitive)", "n": ["(sensitive)"]}


def test_what_is_shown_to_who_asks_has_no_known_value_however_short_or_common() -> None:
    redaction = Redaction()
    redaction.learn(["qa", "true", "correct horse", "a.b"])
    shown = redaction.strictly(b'{"stage": "qa", "is": true, "token": "correct\\u0020horse", "aqua": "axb"}')
    assert shown == '{"stage": "(sensitive)", "is": (sensitive), "token": "(sensitive)", "aqua": "axb"}'
    assert Redaction().strictly(b"qa") == "qa"
