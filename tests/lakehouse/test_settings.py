"""Settings: file, then variables, then flags; wrong ones are refused by name."""

from pathlib import Path

import pytest

from lakehouse.settings import Settings, SettingsError


def test_flags_outrank_variables_and_variables_outrank_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The later source wins."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stillwater.toml").write_text('port = 1\nlog_level = "debug"\nhost = "h"\n')
    monkeypatch.setenv("STILLWATER_PORT", "2")
    monkeypatch.setenv("STILLWATER_HOST", "127.0.0.2")
    settings = Settings.load(port=3)
    assert (settings.port, settings.host, settings.log_level) == (3, "127.0.0.2", "debug")


def test_relative_paths_belong_to_the_file_that_names_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same file means the same folders from any working directory."""
    (tmp_path / "conf").mkdir()
    file = tmp_path / "conf" / "stillwater.toml"
    file.write_text('home = "here"\ndata = ["a", "/b"]\n')
    monkeypatch.setenv("STILLWATER_CONFIG", str(file))
    monkeypatch.chdir("/")
    settings = Settings.load()
    assert settings.home == tmp_path / "conf" / "here"
    assert settings.data == (tmp_path / "conf" / "a", Path("/b"))


def test_a_wrong_setting_is_refused_with_name_value_and_what_is_allowed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message is enough to mend it."""
    monkeypatch.setenv("STILLWATER_ENGINE", "oracle")
    with pytest.raises(SettingsError, match=r"engine .*STILLWATER_ENGINE.*'oracle'.*'local'"):
        Settings.load()
    monkeypatch.delenv("STILLWATER_ENGINE")
    with pytest.raises(SettingsError, match=r"port .*70000.*65535"):
        Settings.load(port=70_000)
    with pytest.raises(SettingsError, match="colour"):
        Settings.load(colour="blue")


def test_a_named_file_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A mistyped STILLWATER_CONFIG is not ignored."""
    monkeypatch.setenv("STILLWATER_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(SettingsError, match=r"none\.toml"):
        Settings.load()


def test_settings_do_not_change(settings: Settings) -> None:
    """What was resolved at start stays."""
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]
