"""Names, arguments and exit codes of the command line."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from icustomer import __version__
from icustomer.cli import InputTopic, app, main
from icustomer.contracts.topics import INPUTS
from icustomer.settings import Settings

WORD = ("--reason", "same person")
ID = "ic_7K3M-9QX2-4HTB-W6PZ-S"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"ICUSTOMER_{name.upper()}", raising=False)


def call(*arguments):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def call_main(monkeypatch, capsys):
    """The whole program in this process: exit code, standard output, standard error."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["icustomer", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return ended.value.code, captured.out, captured.err

    return run


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("merge", ID, ID), "Missing option '--reason'"),
        (("lookup",), "Missing argument"),
        (("lookup", ID, "--frob"), "No such option: --frob"),
        (("forget", ID, *WORD, "--timeout", "-1"), "Invalid value for '--timeout'"),
        (("evaluate", "nofile", "--truth", "who"), "'nofile' does not exist"),
        (("frobnicate",), "No such command 'frobnicate'"),
    ],
)
def test_wrong_usage_is_told_in_one_line(call_main, arguments, told):
    code, out, err = call_main(*arguments)
    assert (code, out) == (2, "")
    assert told in err
    assert err.startswith("icustomer: ")
    assert err.count("\n") == 1


def test_without_a_command_there_is_help(call_main):
    code, out, err = call_main()
    assert code == 2
    assert "Usage: " in out
    assert err == ""


def test_help_lists_the_commands_that_work():
    shown = call("--help").output
    commands = (
        "run",
        "demo",
        "topics",
        "send",
        "lookup",
        "explain",
        "export",
        "merge",
        "split",
        "unshare",
        "forget",
        "suppress",
        "evaluate",
    )
    assert [name for name in commands if name not in shown] == []


def test_the_version_is_told():
    assert call("--version").output == f"icustomer {__version__}\n"


def test_the_command_line_imports_no_client_and_no_matching():
    heavy = ("aiokafka", "redis", "faststream", "phonenumbers", "uvloop", "pydantic_settings")
    script = f"import sys, icustomer.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_events_may_be_sent_to_every_input_topic_and_no_other():
    assert [topic.value for topic in InputTopic] == [topic.value for topic in INPUTS]


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("lookup",),
        ("explain",),
        ("explain", ID, ID, ID),
        ("export", ID, ID),
        ("merge", ID, *WORD),
        ("merge", ID, ID),
        ("split", ID),
        ("split", ID, *WORD, "--all", "--identifier", "email:a@example.org"),
        ("topics", "create", "--partitions", "0"),
        ("send", "missing.jsonl", "--topic", "signups"),
        ("send", __file__, "--topic", "profiles"),
        ("demo", "--events", "0"),
    ],
)
def test_wrong_usage_ends_with_2(arguments):
    assert call(*arguments).exit_code == 2


def assert_one_line(text, start):
    assert text.startswith(start)
    assert text.count("\n") == 1
    assert text.endswith("\n")


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        (("lookup", "somebody"), "icustomer: a customer is named by an ID such as"),
        (("lookup", "email:nobody"), "icustomer: what follows email: cannot be read"),
        (
            ("suppress", "phone:044 668 18 00", *WORD),
            "icustomer: what follows phone: cannot be read (phone_no_region): write the number",
        ),
        (
            ("unshare", "account:7", *WORD),
            "icustomer: what follows account: cannot be read (account_syntax): an account is",
        ),
        (("lookup", ID[:-1] + "0"), "icustomer: a customer is named by an ID such as"),
        (("lookup", "email:a@example.org"), "icustomer: ICUSTOMER_SECRET_KEY is missing"),
        (("explain", ID, "somebody"), "icustomer: a customer is named by an ID such as"),
        (("explain", "email:nobody"), "icustomer: what follows email: cannot be read"),
        (("export", ID[:-1] + "0"), "icustomer: a customer is named by an ID such as"),
        (("export", "email:a@example.org"), "icustomer: ICUSTOMER_SECRET_KEY is missing"),
        (("run",), "icustomer: ICUSTOMER_SECRET_KEY is missing"),
        (("split", ID, *WORD, "--identifier", "nobody"), "icustomer: an identifier is written"),
        (("merge", "a", "b", *WORD), "icustomer: a customer is named by an ID such as"),
        (("merge", ID, ID, "--reason", " "), "icustomer: the command is not possible: reason"),
    ],
)
def test_arguments_and_settings_that_cannot_be_end_with_2_and_one_line(call_main, arguments, start):
    code, out, err = call_main(*arguments)
    assert code == 2
    assert out == ""
    assert_one_line(err, start)


@pytest.mark.parametrize(
    "arguments", [("merge", ID, "email:a@x.example"), ("forget", "me@x.example")]
)
def test_who_may_be_named_by_an_id_alone_is_offered_nothing_else(call_main, arguments):
    code, _, err = call_main(*arguments, *WORD)
    assert code == 2
    assert_one_line(err, "icustomer: a customer is named by an ID such as")
    assert "email:..." not in err


def test_an_impossible_setting_ends_with_2_and_one_line(call_main, monkeypatch):
    monkeypatch.setenv("ICUSTOMER_HTTP_PORT", "eighty")
    code, _, err = call_main("topics", "check")
    assert code == 2
    assert_one_line(err, "icustomer: ICUSTOMER_HTTP_PORT must be a port")


def test_servers_that_do_not_answer_end_with_1_and_one_line(call_main, monkeypatch):
    monkeypatch.setenv("ICUSTOMER_REDIS_URL", "redis://127.0.0.1:1")
    monkeypatch.setenv("ICUSTOMER_SECRET_KEY", "ab" * 32)
    code, _, err = call_main("lookup", "email:a@example.org", "--json")
    assert code == 1
    assert_one_line(err, "icustomer: Redis did not answer")


def write_labelled(path):
    people = [("Ana", "ana@example.org"), ("Ana", "ana@example.org"), ("Ben", "ben@example.org")]
    lines = [
        json.dumps({"name": {"given": who}, "email": mail, "person": who}) for who, mail in people
    ]
    path.write_text("\n".join(lines))


def test_evaluate_tells_its_figures_as_json(tmp_path):
    write_labelled(tmp_path / "events.jsonl")
    done = call("evaluate", str(tmp_path / "events.jsonl"), "--truth", "person", "--json")
    assert done.exit_code == 0
    expected = {
        "records": 3,
        "people": 2,
        "customers": 2,
        "precision": 1.0,
        "recall": 1.0,
        "f1": 1.0,
        "true_pairs": 1,
        "false_pairs": 0,
        "missed_pairs": 0,
    }
    told = json.loads(done.output)
    assert {name: told[name] for name in expected} == expected
    more = {"refused", "unresolved", "bcubed", "plain", "sources", "across_sources"}
    assert told.keys() == expected.keys() | more


def test_evaluate_writes_who_was_given_which_customer(tmp_path):
    write_labelled(tmp_path / "events.jsonl")
    out = tmp_path / "out.csv"
    call("evaluate", str(tmp_path / "events.jsonl"), "--truth", "person", "--assignments", str(out))
    header, *rows = out.read_text().splitlines()
    assert header == "line,event_id,truth,customer_id"
    assert len(rows) == 3


def test_a_file_without_its_truth_ends_with_1_and_one_line(call_main, tmp_path):
    (tmp_path / "events.jsonl").write_text('{"email": "ana@example.org"}')
    code, _, err = call_main("evaluate", "events.jsonl", "--truth", "person")
    assert code == 1
    assert_one_line(err, "icustomer: events.jsonl, line 1: the field person")
