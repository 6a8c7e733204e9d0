"""The page and the tables of CompareRuns: what they show, and that names are only names."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re

import pytest

from pipeline.evaluation.bootstrap import BootstrapSettings
from pipeline.runs import tables
from pipeline.runs.compare import compare
from pipeline.runs.found import Skipped, find_runs
from pipeline.runs.names import RunName
from pipeline.runs.page import MAX_DRAWN, render_runs
from tests.evaluation.report_page import HOSTILE, Page
from tests.runs_and_jobs.fake_models import Bench

FEW = BootstrapSettings(100, 0.95)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def shown(bench, names=None, skipped=()):
    runs, _ = find_runs(bench.data, bench.problem)
    groups, _ = compare(runs, bench.problem, FEW)
    html = render_runs(groups, skipped, bench.problem, names or {}, FEW, "2026-03-04T10:11:12Z")
    return groups, html


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def salt_of(folder):
    return folder.name.rpartition("-")[2]


def test_the_page_marks_the_best_and_shows_what_differs(bench):
    bench.train(0.6)
    best = bench.train(0.95, model__width=2.0)
    _, html = shown(bench, {salt_of(best): [RunName("ladder", "wide", "Twice the channels")]})
    page = Page(html.replace("<script>", "<style>").replace("</script>", "</style>"))
    assert html.count('<tr class="best">') == 1
    assert "wide best Twice the channels" in page.words
    assert "model.width" in page.words
    assert "training.n_epochs" not in page.words
    assert "Behind the best" in page.words
    assert html.count("<svg") == 1


def test_figures_of_the_page_are_those_of_the_table(bench):
    bench.train(0.6)
    bench.train(0.9, model__width=2.0)
    groups, html = shown(bench)
    told = [float(value) for value in re.findall(r'data-measure="main" data-value="([^"]*)"', html)]
    rows = read(tables.settings_csv(groups, {}, 0.95))
    assert told == [float(row["mean"]) for row in rows]
    assert [row["best"] for row in rows] == ["1", "0"]
    assert [row["model.width"] for row in rows] == ["2.0", "1.0"]
    assert all(float(row["low"]) <= float(row["mean"]) <= float(row["high"]) for row in rows)


def test_runs_csv_has_a_row_for_every_training(bench):
    folders = {bench.train(0.7, seed, fold).name for seed in range(2) for fold in ("0", "1")}
    groups, html = shown(bench)
    rows = read(tables.runs_csv(groups, {}, 0.95))
    assert {row["model"] for row in rows} == folders
    assert {(row["seed"], row["fold"]) for row in rows} == {
        (seed, fold) for seed in "01" for fold in "01"
    }
    assert all(row["split_hash"] and row["n_parameters"] == "100000" for row in rows)
    assert all(name in html for name in folders)
    (row,) = read(tables.settings_csv(groups, {}, 0.95))
    assert (row["n_seeds"], row["n_folds"]) == ("2", "2")
    assert float(row["worst_value"]) <= float(row["mean"])


def test_no_runs_make_a_page_and_empty_tables(bench):
    _, html = shown(bench)
    assert "There is no run to show yet." in html
    assert read(tables.runs_csv([], {}, 0.95)) == read(tables.settings_csv([], {}, 0.95)) == []
    assert tables.runs_csv([], {}, 0.95).startswith("group,kind,setting")


def test_one_run_is_best_of_nothing(bench):
    bench.train(0.7)
    _, html = shown(bench)
    assert '<tr class="best">' not in html
    assert "nothing to compare it with" in html
    assert "<svg" not in html


def test_without_a_validation_side_the_page_says_why(bench):
    bench.train(n_val=0)
    bench.train(n_val=0, model__width=2.0)
    _, html = shown(bench)
    assert "there is no validation side" in html
    assert '<tr class="best">' not in html


def test_what_was_skipped_stands_on_the_page(bench):
    _, html = shown(bench, skipped=[Skipped("pneumonia-x", "half-written")])
    assert "1 folder skipped" in html
    assert "half-written" in html


def test_many_settings_are_all_in_the_table(bench):
    n = MAX_DRAWN + 2
    for width in range(n):
        bench.train(0.7, model__width=1 + width / 100)
    groups, html = shown(bench)
    assert html.count('scope="row" data-value=') == n
    assert len(groups[0].rows) == n


def test_names_are_only_names(bench):
    one, other = bench.train(0.6), bench.train(0.9, model__width=2.0)
    name = RunName("$x^", HOSTILE, HOSTILE)
    names = {salt_of(one): [name], salt_of(other): [name]}
    _, html = shown(bench, names, [Skipped(HOSTILE, HOSTILE)])
    assert html.count("<script") == 1
    assert "<img" not in html


def test_the_page_lets_no_script_run_but_its_own(bench):
    bench.train(0.7)
    _, html = shown(bench)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    allowed = re.search(r"script-src 'sha256-([^']*)'", policy)[1]
    script = re.search(r"<script>(.*)</script>", html, re.DOTALL)[1]
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() == allowed
    assert "default-src 'none'" in policy
    assert not re.search(r'(src|href)="(?!data:|#)', html)
