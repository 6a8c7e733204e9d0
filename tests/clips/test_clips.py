from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.clips import normalisation
from pipeline.clips.cutting import (
    clip_columns,
    cut_clips,
    fit_normalisation,
    window_spans,
    write_clips,
)
from pipeline.errors import SplitError
from pipeline.problems import problem_named
from pipeline.splits import make_split
from pipeline.tables import read_table
from tests.fakes.cohort_tables import LABELS, SETTINGS, recording, tables

PNEUMONIA, SOUNDS = problem_named("pneumonia"), problem_named("crackle_wheeze")
CLIPS = {"fill": "context", "level": "recording", "window_s": 10.0, "step_s": 5.0}
# One frame per 0.1 s: the numbers below can be worked out by hand.
SPECTROGRAM = {
    "sample_rate": 1000,
    "n_fft": 256,
    "hop_length": 100,
    "n_mels": 8,
    "fmin": 0.0,
    "fmax": 500.0,
}


def cohort(problem=SOUNDS):
    rows = [
        recording(f"icbhi-{k}", n, ["crackle", "normal", "both"], "COPD" if k % 2 else "Pneumonia")
        for k in range(12)
        for n in range(2)
    ]
    rows += [recording(f"jordan-{k}", 0, ["E W"], "N", duration_s=23.0) for k in range(8)]
    index = tables(rows)
    return make_split(problem, *index, LABELS, SETTINGS, mode="grouped"), index[0]


def together(clips) -> pd.DataFrame:
    return pd.concat(clips.values(), ignore_index=True).sort_values("clip_id", ignore_index=True)


# Windows


@pytest.mark.parametrize(
    ("length_s", "expected"),
    [
        (4.0, [(0.0, 4.0)]),
        (10.0, [(0.0, 10.0)]),
        (12.4, [(0.0, 10.0)]),
        (12.5, [(0.0, 10.0), (2.5, 12.5)]),
        (15.0, [(0.0, 10.0), (5.0, 15.0)]),
        (23.0, [(0.0, 10.0), (5.0, 15.0), (10.0, 20.0), (13.0, 23.0)]),
    ],
)
def test_windows_step_through_a_span_and_a_long_tail_gets_one_aligned_to_the_end(
    length_s, expected
):
    assert window_spans(0.0, length_s, 10.0, 5.0) == expected
    later = [(start + 3.0, end + 3.0) for start, end in expected]
    assert window_spans(3.0, 3.0 + length_s, 10.0, 5.0) == later


@settings(max_examples=200, deadline=None)
@given(st.floats(0.05, 300), st.floats(0.1, 20), st.floats(0.05, 20))
def test_windows_lie_inside_have_one_length_and_leave_less_than_half_a_step(length, window, step):
    spans = window_spans(0.0, length, window, step)
    starts, ends = zip(*spans, strict=True)
    assert starts[0] == 0.0
    assert list(starts) == sorted(set(starts))
    assert max(ends) <= length
    assert all(end > start for start, end in spans)
    if length > window + 1e-5:
        assert np.allclose(np.subtract(ends, starts), window, atol=2e-6)
        assert length - ends[-1] <= step / 2 + 1e-5
    else:
        assert spans == [(0.0, length)]


# Clips


def test_crackles_and_wheezes_get_a_clip_per_event_and_weak_labels_windows():
    split, recordings = cohort()
    clips = cut_clips(split, recordings, CLIPS, SOUNDS)
    everything = together(clips)
    first = everything[everything["recording_id"] == "icbhi/icbhi-0_0"]
    assert list(first["clip_id"]) == [f"icbhi/icbhi-0_0#{k}" for k in range(3)]
    assert first[["start_s", "end_s", "crackle", "wheeze", "weak"]].to_numpy().tolist() == [
        [0.0, 1.0, 1, 0, 0],
        [1.0, 2.0, 0, 0, 0],
        [2.0, 3.0, 1, 1, 0],
    ]
    assert first["event_duration_s"].eq(1.0).all()
    assert first["recording_duration_s"].eq(12.0).all()
    weak = everything[everything["recording_id"] == "jordan/jordan-0_0"]
    assert list(weak["start_s"]) == [0.0, 5.0, 10.0, 13.0]
    assert weak[["crackle", "wheeze", "weak"]].to_numpy().tolist() == [[0, 1, 1]] * 4
    assert weak["event_duration_s"].eq(23.0).all()


def test_pneumonia_is_cut_into_windows_over_the_recording():
    split, recordings = cohort(PNEUMONIA)
    everything = together(cut_clips(split, recordings, CLIPS, PNEUMONIA))
    first = everything[everything["recording_id"] == "icbhi/icbhi-0_0"]
    assert first[["start_s", "end_s", "pneumonia", "weak"]].to_numpy().tolist() == [[0, 10, 1, 0]]
    assert len(everything) == 24 + 8 * 4


@pytest.mark.parametrize("name", ["pneumonia", "crackle_wheeze", "icbhi-4"])
def test_clips_stand_on_their_recordings_side_with_all_columns_in_any_order(name):
    problem = problem_named(name)
    split, recordings = cohort(problem)
    clips = cut_clips(split, recordings, CLIPS, problem)
    for side, table in clips.items():
        assert list(table.columns) == clip_columns(problem.labels)
        on_side = split.splits.loc[split.splits["side"] == side, "recording_id"]
        assert set(table["recording_id"]) == set(on_side)
        assert len(table) > 0
    assert together(clips)["clip_id"].is_unique
    mixed = replace(
        split,
        splits=split.splits.sample(frac=1, random_state=1),
        labels=split.labels.sample(frac=1, random_state=2),
    )
    again = cut_clips(mixed, recordings.sample(frac=1, random_state=3), CLIPS, problem)
    assert all(again[side].equals(clips[side]) for side in clips)


def test_sides_without_recordings_are_empty_tables_with_columns():
    _, recordings = cohort()
    events = pd.DataFrame(
        [("icbhi/icbhi-0_0", 0.0, 1.0, "crackle", 0)],
        columns=["recording_id", "start_s", "end_s", "type", "weak"],
    )
    split = make_split(SOUNDS, recordings, events, LABELS, {}, mode="test-only")
    clips = cut_clips(split, recordings, CLIPS, SOUNDS)
    assert [len(clips[side]) for side in ("train", "val", "test")] == [0, 0, 1]
    assert list(clips["train"].columns) == clip_columns(["crackle", "wheeze"])


def test_a_split_for_other_recordings_or_another_problem_is_refused():
    split, recordings = cohort()
    with pytest.raises(SplitError, match="crackle_wheeze"):
        cut_clips(split, recordings, CLIPS, PNEUMONIA)
    with pytest.raises(SplitError, match="icbhi/icbhi-0_0"):
        cut_clips(split, recordings.iloc[1:], CLIPS, SOUNDS)


def test_clips_are_written_and_read_back(tmp_path):
    split, recordings = cohort()
    clips = cut_clips(split, recordings, CLIPS, SOUNDS)
    fitted = {"level": "none", "mean_db": [1 / 3], "std_db": [2.0]}
    info = write_clips(clips, fitted, tmp_path)
    for side, table in clips.items():
        pd.testing.assert_frame_equal(
            read_table(tmp_path / f"{side}.csv", SOUNDS.labels),
            table,
            check_dtype=False,
            check_exact=True,
        )
    assert json.loads((tmp_path / "normalisation.json").read_text()) == fitted
    assert json.loads((tmp_path / "info.json").read_text()) == info
    assert info["n_clips"] == {side: len(table) for side, table in clips.items()}


def test_clips_for_a_model_that_has_its_own_normalisation_are_written_without(tmp_path):
    split, recordings = cohort()
    write_clips(cut_clips(split, recordings, CLIPS, SOUNDS), None, tmp_path)
    assert not (tmp_path / "normalisation.json").exists()


# Normalisation


class FakePack:
    """Frames by audio hash; counts how often each recording is read."""

    def __init__(self, frames: dict[str, np.ndarray]):
        self.frames = {name: values.astype(np.float16) for name, values in frames.items()}
        self.reads: list[str] = []

    def recording(self, audio_hash: str) -> tuple[np.ndarray, float]:
        self.reads.append(audio_hash)
        frames = self.frames[audio_hash]
        return frames, float(frames.mean(dtype=np.float64))


def spans(*rows: tuple[str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["audio_hash", "start_s", "end_s"])
    return table.assign(dataset="icbhi")


def noise(n_frames: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n_frames, 8)) * np.arange(2, 10) - 40 - 3 * seed).astype(np.float16)


def test_mean_and_deviation_are_those_of_the_train_clips_own_frames():
    a, b = noise(100), noise(50, 1)
    pack = FakePack({"a": a, "b": b})
    clips = spans(("a", 1.0, 3.0), ("b", 0.0, 5.0))
    fitted = fit_normalisation(clips, {"icbhi": pack}, SPECTROGRAM, {**CLIPS, "level": "none"})
    expected = np.concatenate([a[10:30], b]).astype(np.float64)
    np.testing.assert_allclose(fitted["mean_db"], expected.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(fitted["std_db"], expected.std(axis=0), rtol=1e-9)
    assert fitted["level"] == "none"


def test_each_recordings_own_level_is_taken_off_first_where_that_is_set():
    a, b = noise(100), noise(50, 1)
    clips = spans(("a", 0.0, 99.0), ("b", 0.0, 99.0))
    fitted = fit_normalisation(clips, {"icbhi": FakePack({"a": a, "b": b})}, SPECTROGRAM, CLIPS)
    levelled = [each.astype(np.float64) - each.mean(dtype=np.float64) for each in (a, b)]
    expected = np.concatenate(levelled)
    np.testing.assert_allclose(fitted["mean_db"], expected.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(fitted["std_db"], expected.std(axis=0), rtol=1e-9)
    assert fitted["level"] == "recording"


def test_a_frame_counts_once_and_a_recording_is_read_once_however_many_clips_share_it():
    a = noise(200)
    pack = FakePack({"a": a, "b": noise(9)})
    clips = spans(("a", 0.0, 10.0), ("a", 5.0, 15.0), ("a", 5.0, 15.0))
    fitted = fit_normalisation(clips, {"icbhi": pack}, SPECTROGRAM, {**CLIPS, "level": "none"})
    expected = a[:150].astype(np.float64)
    np.testing.assert_allclose(fitted["mean_db"], expected.mean(axis=0), rtol=1e-12)
    assert pack.reads == ["a"]


def test_the_order_of_the_clips_and_the_size_of_a_read_do_not_change_a_bit(monkeypatch):
    rng = np.random.default_rng(0)
    packs = {"icbhi": FakePack({str(k): noise(300, k) for k in range(5)})}
    rows = [(str(rng.integers(5)), start, start + 2.0) for start in rng.uniform(0, 28, 40)]
    fitted = fit_normalisation(spans(*rows), packs, SPECTROGRAM, CLIPS)
    assert fit_normalisation(spans(*rows[::-1]), packs, SPECTROGRAM, CLIPS) == fitted
    monkeypatch.setattr(normalisation, "_CHUNK_FRAMES", 7)
    other = fit_normalisation(spans(*rows), packs, SPECTROGRAM, CLIPS)
    np.testing.assert_allclose(other["std_db"], fitted["std_db"], rtol=1e-9)


def test_a_band_that_never_changes_keeps_a_finite_deviation():
    flat = np.full((50, 8), -100.0)
    packs = {"icbhi": FakePack({"a": flat})}
    fitted = fit_normalisation(
        spans(("a", 0.0, 5.0)), packs, SPECTROGRAM, {**CLIPS, "level": "none"}
    )
    assert fitted["std_db"] == [normalisation.STD_FLOOR_DB] * 8
    assert fitted["mean_db"] == [-100.0] * 8
    json.dumps(fitted, allow_nan=False)


def test_nothing_is_fitted_without_train_clips():
    assert fit_normalisation(spans().iloc[:0], {}, SPECTROGRAM, CLIPS) is None


def test_progress_counts_the_recordings():
    calls = []
    packs = {"icbhi": FakePack({"a": noise(20), "b": noise(20)})}
    clips = spans(("a", 0.0, 1.0), ("b", 0.0, 1.0), ("b", 1.0, 2.0))
    fit_normalisation(clips, packs, SPECTROGRAM, CLIPS, lambda *call: calls.append(call[:2]))
    assert calls == [(1, 2), (2, 2)]
