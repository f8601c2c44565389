# dropout in the temporary model: do the engines give one gradient, the true one?
import copy, torch, torch.nn.functional as F
from torch import nn
from mnemonics_lib.bilevel import ENGINES, InnerSGD
torch.manual_seed(0)
net = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.Tanh(), nn.Dropout(0.5), nn.Linear(12, 3)).double().train()
x, y = torch.randn(9, 16).double(), torch.arange(9) % 3
v, vy = torch.randn(30, 16).double(), torch.arange(30) % 3
u = torch.randn_like(x); eps = 1e-6
for name, Engine in ENGINES.items():
    engine = Engine(lambda c, e, t: F.cross_entropy(c(e), y), lambda c: F.cross_entropy(c(v), vy), InnerSGD(4, 0.5))
    def ask(e):
        torch.manual_seed(7)      # the same masks at every call
        return engine(net, e)
    slope = (ask(x + eps*u).meta_loss - ask(x - eps*u).meta_loss) / (2*eps)
    r = ask(x)
    print(name, "loss", float(r.meta_loss), "gradient along u", float((r.gradient*u).sum()), "finite difference", float(slope))
