# A record.json that is empty (disk full), of an older form, or of another seed, where the run would write its own
import json, pathlib
from mnemonics_lib import runs
from mnemonics_lib.config import load_config
base, W = load_config("small.yaml"), pathlib.Path("build-F9")
_, path = runs.run(base, W)
for seed, change in ((1, lambda d: ""), (2, lambda d: json.dumps({k: v for k, v in d.items() if k != "recipe"} | {"code": {"source": "older"}})), (3, json.dumps)):
    config = base.replace(seed=seed); home = W / runs.name_of(config); home.mkdir(parents=True, exist_ok=True)
    (home / "record.json").write_text(change(json.loads(path.read_text())))
    try: print("asked seed", seed, "got seed", runs.run(config, W)[0].seed)
    except Exception as error: print("asked seed", seed, type(error).__name__, error)
