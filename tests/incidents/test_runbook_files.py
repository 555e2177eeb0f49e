"""Runbooks as files: what is read, every mistake with its place, and values of alerts in them."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.app.alarms.runbooks.shelf import condition_problem
from watchkeeper.core.errors import InputError, NotFoundError
from watchkeeper.incidents.runbooks.parse import blocks, parts, read_runbook
from watchkeeper.incidents.runbooks.starter import STARTERS, starter
from watchkeeper.incidents.runbooks.step import ACTIONS, Action, Runbook, Step
from watchkeeper.incidents.runbooks.variables import fill_step, fill_text, percent_encoded

GOOD = """# Errors

Look **first**.

```wk-step
id: look
check: {condition: error_rate < 0.02, window: 15m}
```

1. Then go back:

   ```wk-step
   id: back
   title: Go back
   action:
     mlflow: {model: "${alert.labels.model}", alias: champion, version: previous}
   undo: built-in
   reversible: true
   idempotent: yes
   approval: second
   timeout: 2m
   variables: {who: "${alert.name}"}
   ```

~~~wk-step
id: probe
check: {http: {url: https://a.example/x, status: 204, contains: ok}}
~~~

````
```wk-step
id: this is an example in a longer fence, and no step
```
````
The end.
"""


def test_a_whole_runbook():
    """Steps are read wherever they stand, with where they stand; the rest is left as it is."""
    text = GOOD.replace("idempotent: yes", "idempotent: true")
    runbook = read_runbook(text)
    look, back, probe = runbook.steps
    assert (runbook.title, look.title, look.check.window) == (
        "Errors",
        "Look",
        timedelta(minutes=15),
    )
    assert (look.line, look.end_line, back.line, back.column) == (5, 8, 12, 4)
    assert back.action == Action(
        "mlflow", {"model": "${alert.labels.model}", "alias": "champion", "version": "previous"}
    )
    assert (back.undo, back.reversible, back.idempotent, back.approval, back.timeout) == (
        "built-in", True, True, "second", timedelta(minutes=2),
    )  # fmt: skip
    assert (probe.check.http.status, probe.check.http.contains) == (204, "ok")
    assert [part.id for part in parts(runbook) if isinstance(part, Step)] == [
        "look",
        "back",
        "probe",
    ]
    assert parts(runbook)[0].endswith("Look **first**.\n")
    assert "The end." in parts(runbook)[-1]
    assert msgspec.json.decode(msgspec.json.encode(runbook), type=Runbook) == runbook


def test_mistakes_have_their_place():
    """In lines and columns of the Markdown file, also within a list; all at once."""
    with pytest.raises(InputError) as caught:
        read_runbook(GOOD.replace("approval: second", "aproval: second"), name="errors.md")
    assert str(caught.value).splitlines() == [
        "errors.md, line 19, column 16: idempotent is 'yes'; write true or false",
        "errors.md, line 20, column 4: a step has no 'aproval'; did you mean 'approval'?",
    ]


def step_of(body):
    """A runbook of one step."""
    return "```wk-step\n" + body + "\n```\n"


DO = "id: a\naction: "


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "the step is empty"),
        ("title: x", "a step needs 'id'"),
        ("id: Look at it\ncheck: a < 1", "the id is 'Look at it'"),
        ("id: a", "needs either a check or an action"),
        ("id: a\ncheck: x\naction: {command: {argv: [x]}}", "needs either a check or an action"),
        (DO + "{comand: {argv: [x]}}", "the action has no 'comand'; did you mean 'command'"),
        (DO + "{command: {argv: rm -rf /}}", "argv is a list"),
        (DO + "{command: {}}", "command needs 'argv'"),
        (DO + "{webhook: {url: 'https://a/b', headers: {Authorization: Bearer x}}}", "as `bearer`"),
        (DO + "{webhook: {url: 'https://a/b', bearer: '${alert.name}'}}", "may hold no variable"),
        (DO + "{command: {argv: [x]}, mlflow: {}}", "make two steps of two"),
        (DO + "{kubernetes_scale: {resource: fares, replicas: 2}}", "write one such as"),
        (DO + "{kubernetes_scale: {resource: deployment/x, replicas: -1}}", "from 0 to"),
        (DO + "{webhook: {url: ftp://x}}", "begins with https:// or"),
        (DO + '{webhook: {url: "https://${alert.name}/x"}}', "with no variable in"),
        (DO + '{command: {argv: [sh, -c, "x ${alert.name}"]}}', "as a program"),
        (DO + '{command: {argv: [/usr/bin/python3.12, "${alert.name}"]}}', "as a program"),
        (DO + '{command: {argv: ["${alert.name}"]}}', "the program may hold"),
        (DO + '{ansible: {playbook: "${alert.name}.yml"}}', "playbook may hold no"),
        (DO + '{command: {argv: [x, "${alert.label.model}"]}}', "did you mean"),
        (DO + '{command: {argv: [x, "${vars.a}"]}}', "no variable ${vars.a}"),
        (DO + "{command: {argv: [x]}}\nundo: b\nreversible: true", "which is no step"),
        (DO + "{command: {argv: [x]}}\nundo: a\nreversible: true", "its own undo"),
        (DO + "{command: {argv: [x]}}\nundo: built-in\nreversible: true", "cannot take itself"),
        (DO + "{mlflow: {model: m, alias: c, version: 1}}\nundo: built-in", "say `reversible"),
        ("id: a\ncheck: x\nundo: b\nreversible: true", "a check changes nothing"),
        ("id: a\ncheck: x\ntimeout: 2h", "from 1s to 30m"),
        ("id: a\ncheck: {window: 5m}", "either a `condition` or `http`"),
    ],
)  # fmt: skip
def test_steps_that_are_refused(body, said):
    """Each by name, with a way out."""
    with pytest.raises(InputError, match=r"line \d+, column \d+") as caught:
        read_runbook(step_of(body))
    assert said in str(caught.value)


def test_two_steps_of_one_name_and_a_fence_that_is_open():
    """Both are told."""
    text = step_of("id: a\ncheck: x") + "```wk-step\nid: a\ncheck: x\n"
    with pytest.raises(InputError) as caught:
        read_runbook(text)
    assert "never closed" in str(caught.value)
    assert "another step of this id" in str(caught.value)


def test_conditions_are_checked_by_who_knows_them():
    """What the checker says stands in the error of the step."""
    text = step_of("id: a\ncheck: acuracy < 1")
    with pytest.raises(InputError, match="no metric acuracy"):
        read_runbook(text, check_condition=lambda text: f"no metric {text.split()[0]}")
    assert read_runbook(text, check_condition=lambda _: None).steps[0].id == "a"


@given(st.text(st.sampled_from("`~ wk-step\nid:a#\t"), max_size=80))
def test_any_text_is_a_runbook_or_an_error(text):
    """No text crashes the reader, and blocks do not overlap."""
    found = list(blocks(text))
    assert all(a.end_line < b.line for a, b in pairwise(found))
    try:
        read_runbook(text)
    except InputError as error:
        assert "runbook.md, line" in str(error)  # noqa: PT017  # either is right


@pytest.mark.parametrize("name", STARTERS)
def test_starter_runbooks(name):
    """Each has checks, options with their risk, and says what better looks like."""
    runbook = starter(name)
    assert runbook.steps[0].check is not None
    assert any(step.action for step in runbook.steps)
    for words in ("You are here because", "## 1. Look", "## 2. Options", "**Risk:**",
                  "**When:**", "## 3. What better looks like"):  # fmt: skip
        assert words in runbook.text
    for step in runbook.steps:
        if step.action and not step.reversible:
            assert step.approval == "second"
        if step.action and step.undo:
            assert step.idempotent


def test_all_kinds_of_actions_but_none_without_a_name():
    """The starter pack shows every kind; a wrong name is told with the nearest."""
    kinds = {step.action.kind for name in STARTERS for step in starter(name).steps if step.action}
    assert kinds == set(ACTIONS)
    with pytest.raises(NotFoundError, match="did you mean 'latency'"):
        starter("latencies")


VALUES = {"alert.labels.model": "fares", "alert.name": "ErrorRate"}


def command(*argv, **more):
    """A step that runs a program."""
    return Step("s", "S", action=Action("command", {"argv": list(argv), **more}))


@pytest.mark.parametrize(
    "value",
    ["--help", "-rf", "a;b", "a b; c", "$(id)", "`id`", "a|b", "a\nb", "a'b", 'a"b', "{{ x }}",
     "../x", "a/../../b", "x\x00", "a&b", "a>b", "~root", "x" * 201, "${alert.name}"],
    ids=repr,
)  # fmt: skip
def test_values_that_could_do_something(value):
    """They are refused in arguments, names and targets, and the error names the variable."""
    for step in (
        command("x", "${alert.labels.model}"),
        command("x", "--model=${alert.labels.model}"),
        Step("s", "S", action=Action("ansible", {"limit": "${alert.labels.model}"})),
    ):
        with pytest.raises(InputError, match=r"step 's': \$\{alert.labels.model\} is"):
            fill_step(step, {"alert.labels.model": value})


@pytest.mark.parametrize(
    "value", ["fares", "fares-2", "ns/fares:3", "größe 4", "a@b.c", "1.0+x,y=z"]
)
def test_values_that_are_plain(value):
    """Names as people give them to models are taken."""
    settings, target = fill_step(
        command("x", "${alert.labels.model}"), {"alert.labels.model": value}
    )
    assert (settings["argv"], target) == (["x", value], value)


def test_free_text_where_it_means_nothing():
    """The environment and the body of a request take any text; an address takes it encoded."""
    text = 'it\'s "late"; $(reboot)\n{{ x }}'
    values = {**VALUES, "alert.annotations.summary": text}
    settings, _ = fill_step(command("x", env={"WHY": "${alert.annotations.summary}"}), values)
    assert settings["env"] == {"WHY": text}
    step = Step("s", "S", action=Action("webhook", {
        "url": "https://a.example/${alert.labels.model}?q=${alert.name}",
        "body": {"text": ["${alert.annotations.summary}", 3]},
    }))  # fmt: skip
    settings, _ = fill_step(step, {**values, "alert.labels.model": "a/b c"})
    assert settings["url"] == "https://a.example/a%2Fb%20c?q=ErrorRate"
    assert settings["body"] == {"text": [text, 3]}


def test_a_value_is_not_read_again():
    """What a value holds is not taken for a variable of its own."""
    step = command("x", env={"A": "${alert.annotations.a}"})
    filled, _ = fill_step(step, {**VALUES, "alert.annotations.a": "${alert.name}"})
    assert filled["env"] == {"A": "${alert.name}"}


def test_variables_of_the_step_are_checked_where_they_are_used():
    """A name of one's own is no way around."""
    step = msgspec.structs.replace(
        command("x", "${vars.m}"), variables={"m": "${alert.annotations.a}"}
    )
    with pytest.raises(InputError, match=r"\$\{vars.m\} is"):
        fill_step(step, {**VALUES, "alert.annotations.a": "; reboot"})


def test_what_is_missing_is_told():
    """A variable without a value refuses: no target, no limit."""
    with pytest.raises(InputError, match=r"\$\{alert.labels.model\} has no value here"):
        fill_step(command("x"), {})
    with pytest.raises(InputError, match="condition does not take"):
        fill_text(
            "accuracy(${alert.labels.segment}) < 1",
            {"alert.labels.segment": "x) || (1"},
            "condition",
        )


@given(st.text(max_size=50))
def test_percent_encoding(text):
    """As the standard library does it."""
    from urllib.parse import quote

    safe = text.encode("utf-8", "ignore").decode()
    assert percent_encoded(safe) == quote(safe, safe="")


def test_the_steps_in_the_docs_can_be_used() -> None:
    """What stands between four backticks on the page of runbooks is a runbook."""
    page = Path(__file__).parents[2] / "docs" / "alarms" / "runbooks.md"
    found = re.findall(r"^````markdown\n(.*?)^````$", page.read_text(), re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    steps = read_runbook(found[0], check_condition=condition_problem).steps
    assert [step.id for step in steps] == ["still-late", "scale-up"]
    assert set(ACTIONS) <= set(re.findall(r"^\| `(\w+)` \|", page.read_text(), re.MULTILINE))
