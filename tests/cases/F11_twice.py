# A cell run twice: the memory must not hold a class twice
from mnemonics_lib.config import load_config
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.global_bop import initial_state, model_level, select_exemplars
experiment = Experiment.of(load_config("small.yaml")); state = initial_state(experiment); model_level(experiment, state)
for _ in range(2):
    select_exemplars(experiment, state); print(len(state.memory), "exemplars,", state.memory.per_class, "a class,", state.memory.labels.bincount().tolist())
