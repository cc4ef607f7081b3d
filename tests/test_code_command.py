import json

import pytest
from typer.testing import CliRunner

from defection_framing import corpus
from defection_framing.cli import app
from defection_framing.own import coding

pytestmark = pytest.mark.slow  # the coders are fitted first


def directions(*texts):
    lines = [json.dumps({"id": str(i), "text": t}) for i, t in enumerate(texts)]
    return list(coding.code_articles(lines)["direction"])


def run(*arguments, stdin=None):
    return CliRunner().invoke(app, ["code", *map(str, arguments)], input=stdin)


def test_who_leaves_whom_decides_and_not_who_says_it():
    assert directions(
        "Ukrainian military intelligence says that a Russian pilot defected to Ukraine with his "
        "helicopter and was paid a reward.",
        "A Russian news agency reports that a Ukrainian soldier crossed over to the Russian side "
        "and joined a volunteer battalion of former prisoners.",
        "Prosecutors in Kyiv counted thousands of Ukrainian soldiers absent without leave; most "
        "went home or abroad.",
        "A Russian deserter who refused to fight has fled to Norway and asked for asylum there.",
    ) == ["ru_to_ua", "ua_to_ru", "ua_exit", "ru_exit"]


def test_exchanging_the_sides_exchanges_the_direction():
    text = "The {} soldier surrendered to the {} army and now fights for it against his own side."
    assert directions(text.format("Russian", "Ukrainian"), text.format("Ukrainian", "Russian")) == [
        "ru_to_ua",
        "ua_to_ru",
    ]


def test_the_order_of_lines_does_not_matter():
    texts = list(corpus.load().articles["gist"].head(12))
    assert directions(*texts) == directions(*texts[::-1])[::-1]


def test_the_commands_write_csv_from_a_file_and_from_standard_input(tmp_path):
    line = json.dumps({"id": "a", "text": "The army calls the pilot a traitor to his country."})
    (tmp_path / "claims.jsonl").write_text(line + "\n")
    from_file = run("claims", tmp_path / "claims.jsonl")
    assert from_file.exit_code == 0
    assert from_file.stdout.splitlines()[0] == "id,frame,probability,open"
    assert from_file.stdout.splitlines()[1].startswith("a,treason,")
    assert run("claims", "-", stdin=line).stdout == from_file.stdout
    header = run("articles", "-", stdin=line).stdout.splitlines()[0]
    assert header == "id,direction,probability,open"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "holds no line"),
        ('{"id": "a", "text": "x"}\nnot json', "line 2: not JSON"),
        ('{"id": "a"}', "line 1: no object with `id` and `text`"),
        ('{"id": "a", "text": ""}', "line 1: `text` has no words"),
        ('{"id": "a", "text": "x"}\n{"id": "a", "text": "y"}', "line 2: the id 'a' came before"),
        ('{"id": "a", "text": "x\\u0000y"}', "line 1: a NUL character"),
        (b'{"id": "a", "text": "\xe9"}', "line 1: not in UTF-8"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_written(lines, said):
    result = run("articles", "-", stdin=lines)
    assert result.exit_code == 2
    assert said in result.stderr and result.stderr.strip().count("\n") == 0
    assert result.stdout == ""


def test_a_missing_file_is_said(tmp_path):
    result = run("claims", tmp_path / "nowhere.jsonl")
    assert result.exit_code == 2 and "nowhere.jsonl cannot be read" in result.stderr
    result = run("claims", tmp_path)
    assert result.exit_code == 2 and "cannot be read" in result.stderr


def test_open_is_written_as_true_or_false():
    texts = [
        "A Russian pilot landed his helicopter in Ukraine and surrendered.",
        "He changed his uniform and his country, says the deserter.",
    ]
    lines = "\n".join(json.dumps({"id": i, "text": t}) for i, t in enumerate(texts))
    written = run("articles", "-", stdin=lines).stdout.splitlines()
    assert [line.rpartition(",")[2] for line in written] == ["open", "false", "true"]
