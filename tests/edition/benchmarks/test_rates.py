"""Rates are printed with their range, and ours are compared with the usual ones of the same pictures and device."""

from mnemonics_lib.edition.benchmarks.rates import inference_table, input_sentences, input_table, training_table

RATE = {"images_per_second": 1234.5, "low": 999.6, "high": 2000.0, "rounds": 7, "threads": 1, "device": "cpu"}


def read(pictures, loop, rate, **other):
    row = {"pictures": pictures, "loop": loop, "batch": 128, "per_core": rate / 2, "workers": 2}
    row |= {"files": 80, "made": False, "width": 500, "height": 375, "kilobytes": 107.6}
    return RATE | row | {"images_per_second": rate} | other


def test_training_has_a_row_for_each_loop():
    assert training_table([RATE | {"network": "ResNet-8", "loop": "ours"}]) == [
        {
            "network": "ResNet-8",
            "loop": "ours",
            "images per second": "1,234",
            "range of 7 rounds": "1,000 to 2,000",
            "on": "cpu, 1 thread",
        }
    ]


def test_our_size_of_a_part_is_marked():
    rows = [RATE | {"network": "n", "work": "features", "size": size, "parts": parts, "threads": 2}
            for size, parts in ((1024, "ours"), (64, "64"))]  # fmt: skip
    found = inference_table(rows)
    assert [row["images in a part"] for row in found] == ["1,024 (ours)", "64"]
    assert {row["on"] for row in found} == {"cpu, 2 threads"}


def test_reading_has_its_rate_per_core_too():
    (found,) = input_table([read("middles", "usual", 300.0)])
    assert (found["pictures per second"], found["per core"], found["on"]) == ("300", "150", "cpu, 2 cores")
    assert found["in a batch"] == 128


def test_ours_are_compared_with_the_usual_rate_of_the_same_pictures_on_the_same_device():
    rows = [
        read("random views", "ours", 300.0),
        read("random views", "usual", 200.0),
        read("middles", "ours", 90.0),
        read("middles", "ours, evaluation's parts", 110.0),
        read("middles", "usual", 100.0),
        read("middles", "ours", 500.0, device="cuda", made=True),
        read("middles", "usual", 250.0, device="cuda", made=True),
    ]
    assert input_sentences(rows) == (
        "On cpu, ours has 1.50 times the usual rate for random views, 0.90 times the usual rate for middles, "
        "1.10 times the usual rate for middles (evaluation's parts). The 80 pictures have a median of 500 × 375 pixels "
        "and 108 kB. On cuda, ours has 2.00 times the usual rate for middles. The 80 made pictures have a median of "
        "500 × 375 pixels and 108 kB."
    )
