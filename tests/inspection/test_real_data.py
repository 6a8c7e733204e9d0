"""Every defect that is known of the real recordings is found on them."""

import pytest

from pipeline.datasets import load
from pipeline.datasets.index import HashCache, build_index, list_files
from pipeline.inspection.cache import AudioFile, MeasuresCache
from pipeline.inspection.findings import find_all
from pipeline.inspection.inspected import Inspected
from pipeline.inspection.measuring import measure_all, read_measures, write_measures
from pipeline.inspection.page import render_inspection
from tests.real_data import FOLDER, needs_real_data

pytestmark = needs_real_data


def inspect(name, place):
    dataset, folder = load(name), FOLDER / name
    listing = list_files(folder)
    index = build_index(dataset, folder, listing, HashCache(place / "hashes"), n_workers=2)
    entries = [listing.by_path()[path] for path in index.recordings["path"]]
    files = [AudioFile(entry.path, entry.size, entry.mtime_ns) for entry in entries]
    measured = measure_all(folder, files, MeasuresCache(place / "measures"), n_workers=2)
    write_measures(place, index.recordings, measured)
    return Inspected(
        *(name, dataset.title, dataset.licence, index.recordings, index.events, index.excluded),
        *read_measures(place),
        classes=dataset.classes,
        official_sides=dataset.official_sides,
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return {
        name: inspect(name, tmp_path_factory.mktemp(name))
        for name in ("icbhi", "jordan", "sprsound")
    }


@pytest.fixture(scope="module")
def found(data):
    return find_all(list(data.values()))


@pytest.fixture
def told(found):
    """Return a function that gives the rows of a data set's finding, by what they concern."""

    def rows(dataset, finding):
        mine = found[(found["dataset"] == dataset) & (found["finding"] == finding)]
        return mine.groupby("which", sort=False)["detail"].agg(" | ".join).to_dict()

    return rows


def details(rows):
    return " | ".join(rows.values())


def test_icbhi_recordings_are_clipped_by_two_to_seven_percent(told):
    clipped = told("icbhi", "clipped")
    shares = [float(text.split()[0]) for text in clipped.values()]
    assert len(clipped) == 12
    assert sum(2 <= share <= 7 for share in shares) == 8
    assert clipped["icbhi/138_1p3_Pl_mc_AKGC417L"].startswith("6.9 %")
    # 24 and 16 bit, 44.1 and 4 kHz; one recording is stuck on its rails for seconds.
    assert clipped["icbhi/157_1b1_Ar_sc_Meditron"].startswith("4.8 %")
    assert clipped["icbhi/166_1p1_Al_sc_Meditron"].startswith("19.2 %")


def test_icbhi_alias_is_told_as_repaired(found, told):
    assert "226_1b1_Pl_sc_Meditron" in details(told("icbhi", "named otherwise on disk"))
    rows = found[found["finding"] == "named otherwise on disk"]
    assert list(rows["action"]) == ["repaired"]


def test_icbhi_subjects_stand_on_both_sides(told):
    text = details(told("icbhi", "on both sides of the official split"))
    assert "156: 9 recordings in train, 8 in test" in text
    assert "218: 4 recordings in train, 4 in test" in text


def test_icbhi_pneumonia_is_on_the_train_side_only(told):
    rows = told("icbhi", "class on one side only")
    assert rows["diagnosis Pneumonia"].endswith("all on the train side")


def test_icbhi_devices_shift(told):
    rows = told("icbhi", "device shifts between sides")
    assert rows["Litt3200"] == "0 of 37 train recordings, 24 of 33 test recordings"
    assert rows["LittC2SE"] == "9 of 37 train recordings, 0 of 33 test recordings"


def test_icbhi_rate_is_not_tied_to_the_device(told):
    assert told("icbhi", "sample rate not tied to device") == {
        "Meditron": "4 kHz 13, 10 kHz 6, 44.1 kHz 10 recordings"
    }
    assert told("icbhi", "several sample rates")


def test_icbhi_files_of_44_khz_hold_nothing_above_a_few(data, told):
    rows = told("icbhi", "sample rate above content")
    assert "nothing above 2 kHz" in rows["44.1 kHz, Meditron"]
    measures = data["icbhi"].measures
    high = measures[measures["sample_rate"] == 44100]
    assert len(high) == 27
    assert (high["bandwidth_hz"] < 5000).mean() > 0.8


def test_icbhi_subject_without_metadata_and_with_two_devices(told):
    assert told("icbhi", "subject without metadata") == {"icbhi/223": "no age, no sex"}
    assert set(told("icbhi", "several devices for one subject")) == {"icbhi/226"}


def test_icbhi_recordings_that_are_not_here_are_told(told):
    assert "850" in details(told("icbhi", "recording not on disk"))


def test_icbhi_offsets_of_one_subject(told):
    large, small = told("icbhi", "large DC offset"), told("icbhi", "DC offset")
    assert len(large) == 3
    assert sum("/223_" in which for which in {**large, **small}) == 6


def test_icbhi_cycles_are_whole(told):
    for finding in ("gap between cycles", "overlapping events", "no events", "event listed twice"):
        assert told("icbhi", finding) == {}


def test_jordan_copies_under_conflicting_labels(found, told):
    rows = told("jordan", "identical audio, conflicting labels")
    pairs = {
        tuple(part.split("/")[1].split("_")[0] for part in which.split(" = ")) for which in rows
    }
    assert pairs == {("BP100", "BP101"), ("DP100", "DP101"), ("EP76", "EP77")}
    assert all("diagnosis N against Asthma" in text for text in rows.values())
    errors = found[found["severity"] == "error"]
    assert set(errors["finding"]) == {"identical audio, conflicting labels"}
    assert len(told("jordan", "identical audio, several subjects")) == 3


def test_jordan_copies_of_one_subject(told):
    (which,) = told("jordan", "identical audio, one subject")
    assert which.startswith("jordan/BP9_")
    assert " = jordan/DP9_" in which


def test_jordan_sheet_contradicts_eight_names(found):
    rows = found[found["finding"] == "sheet contradicts file name"]
    subjects = {text.split("subject ")[1].split(":")[0] for text in rows["detail"]}
    assert subjects == {"2", "3", "4", "5", "6", "7", "26", "105"}
    assert rows["detail"].str.startswith("location").all()


def test_jordan_words_and_sheet(told):
    assert told("jordan", "case of words varies")
    assert told("jordan", "blanks at the ends of fields")
    assert "154" in details(told("jordan", "cells beside the table"))


def test_jordan_sounds(told):
    silent = told("jordan", "silent in part")
    assert {which.split("_")[0] for which in silent} == {
        "jordan/BP22",
        "jordan/DP22",
        "jordan/EP22",
    }
    assert len(told("jordan", "large DC offset")) > 10


def test_sprsound_headers_order_and_quality(found, told):
    assert told("sprsound", "header repaired")[".wav"].startswith(
        "40 of 40 .wav files: nBlockAlign is 4, not 2"
    )
    assert "851 recordings" in details(told("sprsound", "events not in time order"))
    assert "177 recordings" in details(told("sprsound", "poor quality, no events"))
    assert "6656" in details(told("sprsound", "times given as text"))
    assert told("sprsound", "no events") == {}
    rows = found[(found["dataset"] == "sprsound") & (found["severity"] != "note")]
    assert set(rows["finding"]) == {"side not on disk"}
    assert set(rows["which"]) == {"inter-test", "intra-test"}


def test_page_of_all_three_is_small(data, found):

    page = render_inspection(list(data.values()), found)
    assert len(page.encode()) < 5_000_000
    assert "<script" not in page
