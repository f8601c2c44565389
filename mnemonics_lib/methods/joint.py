"""Joint training, the upper bound of Eq. 3: each phase trains on all data of all classes seen."""

from mnemonics_lib.methods.finetune import Finetune


class Joint(Finetune):
    """Eq. 3: cross-entropy on D_{0:i} from Theta_{i-1}. That all data are kept is said in its ``MethodInfo``."""
