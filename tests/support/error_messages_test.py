"""The page of error messages has each once, whatever names one run gave."""

from pathlib import Path

import pytest

from support import error_messages


def test_keeps_each_message_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "messages"
    monkeypatch.setenv(error_messages.VARIABLE, str(file))
    for port in (4711, 4712):
        error_messages.remember("task get", f"cannot reach 127.0.0.1:{port}: db_{port:08x} is away")
    error_messages.remember("task get", " \n")
    error_messages.remember_status({"state": "TASK_STATE_START_FAILED", "lastError": {
        "code": "PERMISSION_DENIED", "message": "access denied; set source.password", "remedy": "set source.password"}})
    error_messages.remember_precheck({"items": [
        {"id": "source_tls", "title": "TLS", "result": "PRECHECK_RESULT_ALARM", "found": "no", "wanted": "yes",
         "cause": "rows can be read on the way", "remedy": "set source.tls_mode"},
        {"id": "source_binlog", "title": "Binlog", "result": "PRECHECK_RESULT_PASSED"}]})
    error_messages.remember_test({"steps": [{"step": "TCP", "passed": True},
                                            {"step": "TLS", "message": "expired", "remedy": "renew it"}]})
    assert error_messages.write_summary(file) == 4
    page = file.read_text()
    assert page.count("cannot reach") == 1
    assert "== ALARM source_tls (TLS)\n\n  found: no; wanted: yes\n  rows can be read on the way\n" in page
    assert "  expired\n  What to do: renew it\n" in page
    assert "access denied; set source.password\n" in page and "What to do: set source.password" not in page
    assert "source_binlog" not in page


def test_keeps_nothing_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(error_messages.VARIABLE, raising=False)
    error_messages.remember("task get", "cannot reach 127.0.0.1:1")
