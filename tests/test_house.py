"""The rules that keep the house one house, each written as a test. docs and README explain them; here they hold."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent
APPS = ("supportdesk", "conversations", "handoff", "analytics")
TEXT = {".py", ".js", ".css", ".html", ".md", ".toml", ".txt", ".yaml", ".yml", ".svg", ".lock", ""}


@cache
def tracked() -> tuple[Path, ...]:
    """Every text file of the project, as git knows them."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return tuple(path for path in paths if path.is_file() and path.suffix in TEXT)


def modules(*apps: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in tracked():
        parts = path.relative_to(ROOT).parts
        if path.suffix == ".py" and parts[0] in (apps or APPS) and "migrations" not in parts:
            yield path, ast.parse(path.read_text(), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def callers_of(name: str) -> set[str]:
    return {
        name_of(path)
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name) and name == getattr(node, "attr", getattr(node, "id", None))
    }


def lines_with(pattern: str, *, suffixes: set[str] = TEXT, flags: re.RegexFlag = re.NOFLAG) -> list[str]:
    """Where the pattern stands, this file aside."""
    found = re.compile(pattern, flags)
    return [
        f"{name_of(path)}:{number}: {line.strip()[:120]}"
        for path in tracked()
        if path.suffix in suffixes and path != Path(__file__)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if found.search(line)
    ]


def test_imports_run_one_way() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


def test_one_module_speaks_to_the_channel_layer() -> None:
    assert callers_of("group_send") <= {"conversations/live.py"}


def test_one_module_imports_openai() -> None:
    importers = {
        name_of(path)
        for path, tree in modules()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "openai" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "openai" and not node.level)
    }
    assert importers <= {"conversations/assistant/llm.py"}


def test_no_consumer_waits_for_a_turn() -> None:
    """While it waited, it would deliver nothing: not even the customer's own message."""
    waiting = [
        f"{name_of(path)}:{node.lineno}"
        for path, tree in modules()
        if "consumers" in path.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Await)
        and isinstance(node.value, ast.Call)
        and "take_turn" in ast.unparse(node.value.func)
    ]
    assert waiting == []


def test_every_module_opens_with_what_lives_in_it() -> None:
    silent = [
        name_of(path)
        for path, tree in modules(*APPS, "tests", "benchmarks")
        if tree.body and not ast.get_docstring(tree)
    ]
    assert silent == []


def test_there_are_no_drawers() -> None:
    names = {"utils", "helpers", "services", "manager", "managers", "common", "misc"}
    assert [name_of(path) for path, _ in modules() if path.stem in names or path.parent.name in names] == []


def test_nothing_is_left_for_later() -> None:
    assert lines_with(r"\b(TODO|FIXME|XXX|HACK)\b", suffixes=TEXT - {".lock"}) == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert lines_with(r"(?<![\w.:-])/(home|Users|root|work|opt)/\w") == []


def test_no_file_names_a_package_registry() -> None:
    hosts = r"pypi\.|pythonhosted|npmjs|registry\.|--(extra-)?index-url |--find-links "
    named = [line for line in lines_with(hosts) if not line.startswith("Makefile:")]
    assert named == []


def test_no_secret_is_in_the_repository() -> None:
    assert lines_with(r"sk-[A-Za-z0-9]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}") == []


def test_templates_have_no_inline_script_or_style() -> None:
    """The Content-Security-Policy would refuse it, and rightly."""
    inline = lines_with(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|<style|\sstyle=|\son[a-z]+=|javascript:|\bhx-on",
        suffixes={".html"},
        flags=re.IGNORECASE,
    )
    assert inline == []


def test_scripts_make_no_html_out_of_text() -> None:
    unsafe = r"\.(innerHTML|outerHTML|insertAdjacentHTML)\b|document\.write|\beval\(|new Function\("
    assert lines_with(unsafe, suffixes={".js"}) == []


def test_templates_trust_no_text() -> None:
    assert lines_with(r"\|\s*safe\b|autoescape off", suffixes={".html"}) == []
    # The one renderer of articles, which escapes every tag that it did not make itself.
    assert callers_of("mark_safe") <= {"conversations/help.py"}


def test_tests_neither_sleep_nor_count_calls() -> None:
    hasty = [
        f"{name_of(path)}:{node.lineno}"
        for path, tree in modules("tests")
        if path.name != "waiting.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and (ast.unparse(node) == "time.sleep" or node.attr.startswith(("assert_called", "assert_awaited")))
    ]
    assert hasty == []


@pytest.mark.parametrize("app", APPS)
def test_files_stay_readable(app: str) -> None:
    """Near 200 lines; half as much again is two files."""
    long = {name_of(path): count for path, _ in modules(app) if (count := len(path.read_text().splitlines())) > 300}
    long.pop("conversations/assistant/shipped.py", None)  # no code: the words a new desk ships with
    assert long == {}


def test_what_is_installed_is_pinned_with_hashes() -> None:
    for name in ("run", "dev"):
        lock = (ROOT / "requirements" / f"{name}.lock").read_text()
        pins = re.findall(r"^([a-z0-9][\w.-]*)==\S+.*\\$", lock, re.MULTILINE)
        assert len(pins) > 50
        assert len(re.findall(r"^[a-z0-9][\w.-]*==", lock, re.MULTILINE)) == len(pins), (
            f"{name}.lock has a pin with no hash"
        )


def test_every_dependency_has_a_lower_and_an_upper_bound() -> None:
    project = (ROOT / "pyproject.toml").read_text().split("[tool.")[0]
    loose = [
        name for name in re.findall(r'^    "([^"]+)",$', project, re.MULTILINE) if ">=" not in name or "<" not in name
    ]
    assert loose == []
