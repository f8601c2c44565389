# A method of one's own reads a number that stands beside its class. Change it, run again: must train again.
# usage: F2_method_helper.py 1.0; F2_method_helper.py 0.001  (same directory)
import pathlib, sys
d = pathlib.Path("build-F2"); d.mkdir(exist_ok=True)
(d / "mine.py").write_text(f"""
from mnemonics_lib.methods.base import Method
WEIGHT = {sys.argv[1]}
class Mine(Method):
    def loss(self, model, teacher, images, labels):
        return WEIGHT * super().loss(model, teacher, images, labels)
""")
sys.path.insert(0, str(d))
from mnemonics_lib.config import load_config
from mnemonics_lib.methods import METHODS, MethodInfo
from mnemonics_lib.runs import run
METHODS["mine"] = MethodInfo("mine:Mine")
record, _ = run(load_config("small.yaml").replace(method="mine", finetune=False), d / "runs")
print(sys.argv[1], record.accuracy, record.results[-1].training_loss)
