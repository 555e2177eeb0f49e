"""What a routing file shows of itself, and what it keeps."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.alerts.redacting import HIDDEN, check_whole, redact
from watchkeeper.core.errors import InputError

FILE = """\
global:
  smtp_smarthost: mail.example:587
  smtp_auth_password: hunter2-1   # changes in May
  slack_api_url_file: /run/secrets/slack
route: {receiver: a, group_by: [model]}
receivers:
- name: a
  webhook_configs:
  - url: http://hook.example/hunter2-2
    http_config:
      authorization: {type: Bearer, credentials: hunter2-3}
      http_headers: {X-Key: {values: [hunter2-4, 'hunter2-5']}}
  - url: ${HOOK}
    secret: |
      hunter2-6
      hunter2-7
    max_alerts: 5
  pagerduty_configs: [{routing_key: "hunter2-8", severity: critical}]
  apprise_configs:
  - urls: [hunter2-9://a, hunter2-10://b]
"""


def test_no_secret_is_shown_and_all_else_is() -> None:
    """It stays a file that can be read, comments included."""
    shown = redact(FILE)
    assert "hunter2" not in shown
    for kept in ("mail.example:587", "# changes in May", "/run/secrets/slack", "${HOOK}",
                 "group_by: [model]", "max_alerts: 5", "severity: critical"):  # fmt: skip
        assert kept in shown
    held = yaml.safe_load(shown)
    assert held["receivers"][0]["webhook_configs"][1] == {
        "url": "${HOOK}", "secret": HIDDEN, "max_alerts": 5,
    }  # fmt: skip
    assert held["global"]["smtp_auth_password"] == HIDDEN


TEXT = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=6, max_size=30)


@given(
    st.sampled_from(
        ["url", "api_url", "webhook_url", "password", "auth_password", "secret", "token",
         "app_token", "service_key", "routing_key", "api_key", "credentials"]
    ),
    TEXT.filter(lambda text: "${" not in text and text != HIDDEN),
    st.sampled_from(["", "'", '"', "|", ">"]),
)  # fmt: skip
def test_however_a_secret_is_written(name: str, secret: str, style: str) -> None:
    """Plain, quoted, or as a block: nothing of it is left."""
    plain = {"receivers": [{"name": "zz", "webhook_configs": [{name: secret, "max_alerts": 5}]}]}
    text = yaml.dump(plain, default_style=style or None, allow_unicode=True)
    shown = redact(text)
    assert secret not in yaml.safe_load(shown)["receivers"][0]["webhook_configs"][0].values()
    assert yaml.safe_load(shown)["receivers"][0]["webhook_configs"][0][name].strip() == HIDDEN
    assert str(yaml.safe_load(shown)["receivers"][0]["webhook_configs"][0]["max_alerts"]) == "5"


def test_what_was_shown_is_not_taken_for_the_whole() -> None:
    """Who applies what they read would lose the secrets: they are told where."""
    with pytest.raises(InputError, match="line 3: <secret> stands for one that is not shown"):
        check_whole(redact(FILE))
    check_whole(FILE)
    check_whole("a: 1 # <secret>")
