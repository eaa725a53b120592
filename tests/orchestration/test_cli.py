import errno
import io
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from orchestration import cli
from orchestration.errors import DiskFullError, HomeNotWritableError, ScorecardError
from orchestration.exports import OUTPUT, read_exports
from orchestration.ingestion.ingest import ingest
from orchestration.release.reading import open_database
from orchestration.settings import Settings
from orchestration.warehouse import writer_lock
from tests.command import scorecard
from tests.conftest import ROOT

COMMANDS = ("run", "status", "explain", "releases", "verify", "doctor")


@pytest.fixture
def call(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    monkeypatch.setenv("SCORECARD_HOME", str(settings.home))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    return CliRunner()


class TestHelp:
    def test_the_help_names_commands_and_exit_codes(self, call: CliRunner) -> None:
        result = call.invoke(cli.app, ["--help"])
        assert result.exit_code == 0
        for word in (*COMMANDS, "0 released", "3 a gate held"):
            assert word in result.output

    def test_the_readme_names_every_command_and_no_other(self) -> None:
        """A function that lost its decorator in a merge is a command that nobody can call."""
        group = typer.main.get_command(cli.app)
        line = re.search(r"scorecard --help +# (.+)", (ROOT / "README.md").read_text("utf-8"))
        assert sorted(line[1].split(", ")) == sorted(group.commands)

    @pytest.mark.parametrize("command", COMMANDS)
    def test_each_command_teaches_itself(self, call: CliRunner, command: str) -> None:
        result = call.invoke(cli.app, [command, "--help"])
        assert result.exit_code == 0
        assert len(result.output) > 200

    def test_run_shows_examples(self, call: CliRunner) -> None:
        output = call.invoke(cli.app, ["run", "--help"]).output
        assert "scorecard run --from 2010-01" in output
        for option in ("--landing", "--from", "--to", "--profile", "--target"):
            assert option in output

    def test_help_imports_nothing_heavy(self) -> None:
        script = (
            "import sys; from orchestration import cli\n"
            "heavy = {'dagster', 'dbt', 'duckdb', 'pandas', 'sklearn', 'great_expectations'}\n"
            "print(sorted(heavy & set(sys.modules)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout == "[]\n"


class TestQuarantine:
    def test_the_commands_are_named_with_examples(self, call: CliRunner) -> None:
        output = call.invoke(cli.app, ["quarantine", "--help"]).output
        for word in ("list", "show", "release", "dismiss"):
            assert word in output
        assert "--author" in call.invoke(cli.app, ["quarantine", "release", "--help"]).output

    @pytest.mark.parametrize("command", [["list"], ["release", "1", "--reason", "x"]])
    def test_an_empty_home_says_what_to_do(self, call: CliRunner, command: list[str]) -> None:
        result = call.invoke(cli.app, ["quarantine", *command])
        assert result.exit_code == 1
        assert "scorecard run" in result.output

    def test_rows_are_listed_shown_dismissed_and_released(
        self, call: CliRunner, settings: Settings
    ) -> None:
        path = settings.landing / "billing" / "invoice_lines.csv"
        path.parent.mkdir(parents=True)
        path.write_text(
            "line_id,invoice_id,product_id,quantity,unit_price,invoiced_at\n"
            "L1,I1,P1,-1,2.50,2011-05-04\nL2,I1,P1,-1,many,2011-05-04\nL3,I1,P1,1,-1,2011-05-04\n"
        )
        ingest(settings, loaded_at=datetime(2012, 1, 1, tzinfo=UTC))

        def said(*arguments: str) -> tuple[int, str]:
            result = call.invoke(cli.app, ["quarantine", *arguments])
            return result.exit_code, " ".join(result.output.split())

        assert json.loads(said("list", "--json")[1])[0]["open_rows"] == 2
        assert "3 rows without a decision" in said("list")[1]
        shown = said("show", "1:2")[1]
        assert "quantity = -1 is below" in shown
        assert "L1" not in shown
        assert "raw_text" not in said("show", "1:2", "--json")[1]
        assert read_exports(settings) == ()
        assert "L1,I1,P1,-1,2.50,2011-05-04" in said("show", "1:2", "--text", "--json")[1]
        (logged,) = read_exports(settings)
        assert (logged.command, logged.row_count) == ("quarantine show", 1)
        code, text = said("release", "1", "--rule", "min", "--reason", "returns", "--author", "Ada")
        assert code == 0
        assert "Released: 2 rows stored by loads 2, 3." in text
        assert "1 row of load 1 stay in quarantine (type, unit_price)" in text
        assert said("release", "1:3", "--reason", "x")[0] == 1
        assert "Dismissed: 1 row" in said("dismiss", "1:3", "--reason", "no price")[1]
        assert "No row in quarantine waits" in said("list")[1]
        assert "released by Ada" in said("show", "1:2")[1]


class TestExpire:
    def test_it_lists_first_and_acts_with_yes(self, call: CliRunner, settings: Settings) -> None:
        def said(*arguments: str) -> tuple[int, str]:
            result = call.invoke(cli.app, ["expire", "--reason", "yearly", *arguments])
            return result.exit_code, " ".join(result.output.split())

        assert said() == (1, f"There is no warehouse at {settings.warehouse}: nothing is in it.")
        path = settings.landing / "survey" / "responses.csv"
        path.parent.mkdir(parents=True)
        path.write_text(
            "response_id,invitation_id,question_id,answer,comment,responded_at\n"
            "A1,V1,Q1,9,fine,2021-05-05\n"
        )
        ingest(settings, loaded_at=datetime(2025, 1, 1, tzinfo=UTC))
        assert "run `scorecard run` first" in said()[1]
        assert said("--until", "2024")[0] == 2
        code, text = said("--until", "2024-12")
        assert (code, "raw.survey__responses │ 1" in text) == (0, True)
        assert "The same command with --yes empties them." in text
        assert "is done and recorded" in said("--until", "2024-12", "--yes", "--author", "Ada")[1]
        assert "No row is past its period." in said("--until", "2024-12")[1]


class TestEstimators:
    def test_the_commands_are_named_with_examples(self, call: CliRunner) -> None:
        output = call.invoke(cli.app, ["estimators", "--help"]).output
        for word in ("list", "show", "promote", "rollback", "unpin"):
            assert word in output
        assert "--reason" in call.invoke(cli.app, ["estimators", "rollback", "--help"]).output

    def test_an_empty_home_says_what_trains_them(self, call: CliRunner) -> None:
        result = call.invoke(cli.app, ["estimators", "list"])
        assert result.exit_code == 0
        assert "scorecard run" in result.output
        assert call.invoke(cli.app, ["estimators", "list", "--json"]).output == "[]\n"

    @pytest.mark.parametrize(
        "arguments",
        [
            ["show", "churn-1"],
            ["promote", "churn-1", "--reason", "x"],
            ["rollback", "weather", "--reason", "x"],
            ["unpin", "churn", "--reason", "x"],
            ["rollback", "churn"],
        ],
        ids=" ".join,
    )
    def test_what_is_not_there_is_wrong_usage(self, call: CliRunner, arguments: list[str]) -> None:
        assert call.invoke(cli.app, ["estimators", *arguments]).exit_code == 2


class TestWrongUsage:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["run", "--to", "2011-13"], "YYYY-MM"),
            (["run", "--from", "November"], "YYYY-MM"),
            (["run", "--target", "oracle"], "duckdb"),
            (["run", "--profile", "bakery"], "retail_billing"),
            (["run", "--nothing"], "--nothing"),
            (["explain"], "CUSTOMER"),
            (["fly"], "fly"),
        ],
    )
    def test_it_is_told_with_what_there_is_and_exits_2(
        self, call: CliRunner, arguments: list[str], words: str
    ) -> None:
        result = call.invoke(cli.app, arguments)
        assert result.exit_code == 2, result.output
        assert words.lower() in result.output.lower()
        assert "Traceback" not in result.output


class Full(io.StringIO):
    """A file on a disk that is full."""

    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


class TestProblems:
    @pytest.mark.parametrize(
        ("error", "code"),
        [(DiskFullError("No room left."), 1), (ScorecardError("Mend it."), 1)],
    )
    def test_a_users_problem_is_its_text_alone(
        self, call: CliRunner, monkeypatch: pytest.MonkeyPatch, error: ScorecardError, code: int
    ) -> None:
        monkeypatch.setattr(cli, "_run", _raising(error))
        result = call.invoke(cli.app, ["run"])
        assert result.exit_code == code
        assert result.output.strip() == str(error)

    def test_an_unexpected_problem_goes_to_the_log_with_its_traceback(
        self, call: CliRunner, monkeypatch: pytest.MonkeyPatch, settings: Settings
    ) -> None:
        monkeypatch.setattr(cli, "_run", _raising(ZeroDivisionError("by nothing")))
        result = call.invoke(cli.app, ["run"])
        assert result.exit_code == 1
        assert "Traceback" not in result.output
        log = settings.logs / cli.LOG_NAME
        assert str(log) in result.output.replace("\n", "")
        assert "ZeroDivisionError: by nothing" in log.read_text(encoding="utf-8")
        assert "Traceback" in log.read_text(encoding="utf-8")

    def test_a_home_that_was_closed_meanwhile_is_told_whoever_noticed_it(
        self, call: CliRunner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def close(*_: object) -> None:
            monkeypatch.setattr(cli, "_log_to_file", _raising(HomeNotWritableError("The home.")))
            raise RuntimeError("attempt to write a readonly database")

        monkeypatch.setattr(cli, "_run", close)
        result = call.invoke(cli.app, ["run"])
        assert result.exit_code == 1
        assert result.output.startswith("The home.")
        assert "readonly database" in result.output
        assert "unexpected" not in result.output

    @pytest.mark.parametrize(
        ("said", "free"),
        [("(sqlite3.OperationalError) disk I/O error", 0), ("IO Error: No space left", 2**40)],
    )
    def test_a_full_disk_is_told_whoever_noticed_it(
        self,
        call: CliRunner,
        monkeypatch: pytest.MonkeyPatch,
        said: str,
        free: int,
    ) -> None:
        def fill(*_: object) -> None:
            for handler in logging.getLogger().handlers:
                if isinstance(handler, cli._LogFile):
                    monkeypatch.setattr(handler, "stream", Full())
            logging.getLogger("anybody").error("cannot be written")
            raise RuntimeError(said)

        monkeypatch.setattr(cli, "_run", fill)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
        result = call.invoke(cli.app, ["run"])
        assert result.exit_code == 1
        assert result.output.startswith("No room left while writing below")
        assert said in result.output
        assert "Traceback" not in result.output

    def test_ctrl_c_says_that_nothing_is_lost(
        self, call: CliRunner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cli, "_run", _raising(KeyboardInterrupt()))
        result = call.invoke(cli.app, ["run"])
        assert result.exit_code == 1
        assert "run again" in result.output

    def test_another_run_is_named_and_nothing_starts(
        self, call: CliRunner, settings: Settings
    ) -> None:
        reader, writer = os.pipe()
        process = os.fork()
        if process == 0:
            with writer_lock(settings, purpose="the night run"):
                os.write(writer, b"held")
                signal.pause()
        try:
            os.read(reader, 4)
            result = call.invoke(cli.app, ["run"])
        finally:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        assert result.exit_code == 1
        assert "the night run" in result.output
        assert str(process) in result.output

    def test_a_home_that_cannot_be_made_says_so(
        self, call: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")
        monkeypatch.setenv("SCORECARD_HOME", str(tmp_path / "file" / "home"))
        result = call.invoke(cli.app, ["run"])
        assert result.exit_code == 1
        assert "SCORECARD_HOME" in result.output
        assert "Traceback" not in result.output


class TestQuestionsToAnEmptyHome:
    def test_status_and_releases_say_how_to_start(self, call: CliRunner) -> None:
        for command in ("status", "releases"):
            result = call.invoke(cli.app, [command])
            assert result.exit_code == 0
            assert "scorecard run" in result.output

    @pytest.mark.parametrize("arguments", [["verify"], ["explain", "12347"]])
    def test_what_needs_a_release_says_that_there_is_none(
        self, call: CliRunner, arguments: list[str]
    ) -> None:
        result = call.invoke(cli.app, arguments)
        assert result.exit_code == 1
        assert "scorecard run" in result.output

    def test_json_is_json(self, call: CliRunner) -> None:
        assert call.invoke(cli.app, ["releases", "--json"]).output == "[]\n"


def _raising(error: BaseException) -> object:
    def body(*_: object) -> None:
        raise error

    return body


@pytest.mark.slow
class TestOnAWholeRun:
    def test_an_empty_landing_area_is_a_users_problem(self, tmp_path: Path) -> None:
        result = scorecard(tmp_path / "home", "run")
        assert result.code == 1, result.output
        assert "Traceback" not in result.output
        assert "landing" in result.output

    def test_a_month_that_is_not_there_is_wrong_usage(self, run_home: Path, company: Path) -> None:
        result = scorecard(run_home, "run", "--landing", str(company), "--to", "2011-12")
        assert result.code == 2, result.output
        assert "2009-12 to 2011-11" in " ".join(result.output.split())

    def test_status_releases_explain_and_verify_answer(self, first_run: Path) -> None:
        assert "released" in scorecard(first_run, "status").output
        assert "current" in scorecard(first_run, "releases").output
        verified = scorecard(first_run, "verify")
        assert verified.code == 0, verified.output
        unknown = scorecard(first_run, "explain", "nobody")
        assert unknown.code == 2
        assert "Traceback" not in unknown.output
        assert unknown.output.count("No customer") == 1

    def test_what_is_told_of_a_customer_is_logged(
        self, run_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SCORECARD_HOME", str(run_home))
        settings, call = Settings.from_environment({}, home=run_home), CliRunner()
        with open_database(run_home / "current" / "release.duckdb") as con:
            ((customer,),) = con.execute(
                "select customer_id from scorecard.customer_scorecard "
                "where as_of_date = (select max(as_of_date) from scorecard.customer_scorecard) "
                "order by 1 limit 1"
            ).fetchall()
        page = tmp_path / "page.html"
        for options in ([], ["--html", str(page)]):
            result = call.invoke(cli.app, ["explain", customer, *options])
            assert result.exit_code == 0, result.output
        assert call.invoke(cli.app, ["explain", "nobody"]).exit_code != 0
        logged = read_exports(settings)[-2:]
        assert [(each.command, each.row_count) for each in logged] == [("explain", 1)] * 2
        assert [each.destination for each in logged] == [OUTPUT, str(page)]
        assert customer in logged[0].what

    def test_a_release_that_was_changed_fails_the_check(self, run_home: Path) -> None:
        report = run_home / "current" / "report" / "index.html"
        report.chmod(0o644)
        report.write_text("changed", encoding="utf-8")
        result = scorecard(run_home, "verify")
        assert result.code == 1
        assert "report/index.html" in result.output
