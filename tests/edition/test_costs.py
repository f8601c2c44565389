"""A notebook's cost is what was measured, and said to be missing where it was not."""

import json

from mnemonics_lib.config import RunConfig
from mnemonics_lib.edition import costs


def test_costs_are_collected_from_the_benchmarks_and_told(tmp_path, monkeypatch):
    path = tmp_path / "benchmarks" / "quick" / "digits-n5" / "02_global_bop.tsv"
    path.parent.mkdir(parents=True)
    path.write_text("s\th:m:s\tmax_rss\n61.7\t0:01:01\t700\n")
    monkeypatch.setattr(costs, "COSTS", tmp_path / "costs.json")
    config = RunConfig()
    assert "not measured" in costs.cost("02_global_bop", config)
    costs.COSTS.write_text(json.dumps(costs.collect(tmp_path / "benchmarks")))
    assert "62 s" in costs.cost("02_global_bop", config)
    assert "not measured" in costs.cost("02_global_bop", config.replace(phases=1))
    assert "shown/cifar100/02_global_bop: not measured" in costs.cost("02_global_bop", config, "shown/cifar100")


def test_costs_are_written_where_they_are_kept_and_only_when_there_are_some(tmp_path, capsys):
    benchmarks, file = tmp_path / "benchmarks", tmp_path / "records" / "costs.json"
    file.parent.mkdir()
    file.write_text("of before")
    assert costs.main(benchmarks, file) == 2
    assert f"{benchmarks}: nothing measured yet" in capsys.readouterr().err
    assert file.read_text() == "of before"

    (benchmarks / "quick").mkdir(parents=True)
    (benchmarks / "quick" / "n.tsv").write_text("s\n5.0\n")
    assert costs.main(benchmarks, tmp_path / "none" / "costs.json") == 2
    assert f"{tmp_path / 'none'}: no such folder" in capsys.readouterr().err
    assert costs.main(benchmarks, file) == 0
    assert json.loads(file.read_text())["seconds"] == {"quick/n": 5.0}
