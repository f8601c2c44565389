"""Search on classes 0..19, a fifth of the training images held out as the judge. One job: a JSON file."""
import copy, dataclasses, json, math, os, sys, time, traceback, pathlib, fcntl
sys.path.insert(0, os.environ["LIBRARY"])  # a checkout of a71c223
import torch
torch.set_num_threads(1)
from mnemonics_lib import global_bop as G
from mnemonics_lib.config.reading import load_config
from mnemonics_lib.data.split import Split
from mnemonics_lib.experiment import Experiment
from mnemonics_lib.exemplars import mnemonics as M, adjustment as A
from mnemonics_lib.models import transfer_weights
from mnemonics_lib.rng import derive, stream
from mnemonics_lib.bilevel.problem import Hypergradient
from mnemonics_lib.config.sections import ExemplarLevel

BEGUN = time.time()
ROOT = pathlib.Path(__file__).parent
X = {}

def held_out(data, order, seed, share=5):
    labels = data.train.labels
    keep, test = [], []
    g = stream(seed, "search-held-out")
    for c in order:
        at = (labels == c).nonzero().flatten()
        at = at[torch.randperm(len(at), generator=g)]
        n = len(at) // share
        test.append(at[:n]); keep.append(at[n:])
    keep, test = torch.cat(keep).sort().values, torch.cat(test).sort().values
    im, lb = data.train.images, data.train.labels
    return dataclasses.replace(data, train=Split(im[keep], lb[keep]), test=Split(im[test], lb[test]))

# --- tricks
old_temporary = M.ExemplarTraining.temporary
def forgotten(self, t, step, how):
    """SGD on the data of a random half of the classes of D."""
    labels = self.samples.labels
    classes = labels.unique()
    g = stream(self.seed, "forget", step)
    if len(classes) < 2: return t
    S = classes[torch.randperm(len(classes), generator=g)[: max(1, len(classes) // 2)]]
    at = torch.isin(labels, S).nonzero().flatten()
    was = t.training
    t.train()
    opt = torch.optim.SGD([p for p in t.parameters() if p.requires_grad], lr=how["lr"], momentum=0.9)
    with torch.enable_grad():
        for k in range(how["steps"]):
            i = at[torch.randint(len(at), (64,), generator=g)]
            x, y = self.samples.batch(i)
            x = self.samples.pixels.augment(x, g)
            loss = torch.nn.functional.cross_entropy(t(x), y)
            opt.zero_grad(); loss.backward(); opt.step()
    for p in t.parameters(): p.grad = None
    return t.train(was)
def temporary(self, step):
    t = old_temporary(self, step)
    if X.get("forget") and step >= 0:
        t = forgotten(self, t, step, X["forget"])
    if X.get("recalibrate") and self.level.batch_norm == "running":
        D, y = self.validation[step]
        bns = [m for m in t.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        old = [m.momentum for m in bns]
        for m in bns: m.momentum = 1.0
        t.train()
        with torch.no_grad(): t(torch.cat([D[:1000], self.context[0]]))
        for m, o in zip(bns, old): m.momentum = o
        t.eval()
    return t
M.ExemplarTraining.temporary = temporary

old_program = M.ExemplarTraining.program
def program(self, level):
    return old_program(self, level)
old_step = M.ExemplarTraining.step
def step(self):
    n, k = len(self), self.done
    if X.get("anneal"):
        f = k / n
        b = self.level.beta * ((1 - f) if X["anneal"] == "linear" else 0.5 * (1 + math.cos(math.pi * f)))
        for g in self.optimizer.param_groups: g["lr"] = b
    if X.get("window"):  # the last ten of so many steps are differentiated: ten to all of them, drawn for each outer step
        T = int(torch.randint(self.level.truncate, self.level.inner_steps + 1, (), generator=stream(self.seed, "window", k)))
        engines = self.__dict__.setdefault("_engines", {})
        if T not in engines:
            engines[T] = old_program(self, self.level.model_copy(update={"inner_steps": T}))
        self.engine = engines[T]
    if k == 0 and X.get("half"):
        mask = torch.zeros(len(self.E), 1, 1, 1)
        lab = self.inner.labels[: len(self.E)]
        for c in lab.unique():
            at = (lab == c).nonzero().flatten(); mask[at[len(at) // 2:]] = 1
        self._mask = mask
    if X.get("anchor") and (not X.get("adjustment") or getattr(self, "_adjusts", False)):
        eng = self.engine; outer = self
        class Anchored:
            minibatches_per_call = eng.minibatches_per_call
            def __call__(s, theta, E, mini, D):
                r = eng(theta, E, mini, D)
                was = outer.model.training; outer.model.eval()
                e = E.detach().clone().requires_grad_()
                with torch.enable_grad():
                    own = torch.nn.functional.cross_entropy(outer.model(e), outer.inner.labels[: len(e)])
                    h, = torch.autograd.grad(own, e)
                outer.model.train(was)
                g = r.gradient
                return dataclasses.replace(r, gradient=g + X["anchor"] * h * (g.norm() / h.norm().clamp(min=1e-12)))
            def __getattr__(s, n): return getattr(eng, n)
        self.engine = Anchored(); old_step(self); self.engine = eng
    elif X.get("starts", 1) > 1:
        # average of several starts: same D, same batch draws' step number offset
        grads = []
        eng = self.engine
        outer = self
        class Many:
            minibatches_per_call = eng.minibatches_per_call
            def __call__(s, theta, E, mini, D):
                r = eng(theta, E, mini, D); g = r.gradient.clone()
                for j in range(1, X["starts"]):
                    sd = derive(outer.seed, "start", k, j)
                    share = torch.rand((), generator=stream(outer.seed, "sh", k, j)).item()
                    th = M.temporary_model(outer.model, outer.level, sd, share)
                    mb = outer.inner.draw(100000 * j + k, eng.minibatches_per_call)
                    g += eng(th, E, mb, D).gradient
                return dataclasses.replace(r, gradient=g / X["starts"])
            def __getattr__(s, n): return getattr(eng, n)
        self.engine = Many()
        old_step(self)
        self.engine = eng
    else:
        old_step(self)
    if getattr(self, "_mask", None) is not None:
        self.E.data.copy_(self.start + self._mask * (self.E.detach() - self.start))
    if X.get("lowpass"):
        k_ = X["lowpass"]
        d = self.E.detach() - self.start
        d = torch.nn.functional.interpolate(torch.nn.functional.avg_pool2d(d, k_), scale_factor=k_, mode="bilinear")
        self.E.data.copy_(self.start + d)
    if X.get("average"):
        if k >= n * (1 - X["average"]):
            c = getattr(self, "_n", 0)
            self._avg = self.E.detach().clone() if c == 0 else self._avg + (self.E.detach() - self._avg) / (c + 1)
            self._n = c + 1
        if self.done == n:
            self.E.data.copy_(self._avg)
    if X.get("scale") and self.done == n:
        self.E.data.copy_(self.start + X["scale"] * (self.E.detach() - self.start))
    if X.get("noise") and self.done == n:
        z = torch.randn(self.E.shape, generator=stream(self.seed, "noise"))
        self.E.data.copy_(self.start + X["noise"] * z)
    if X.get("permute") and self.done == n:
        d = self.E.detach() - self.start
        self.E.data.copy_(self.start + d[torch.randperm(len(d), generator=stream(self.seed, "permute"))])
M.ExemplarTraining.step = step

# --- old exemplars in the judge, and not among what the temporary model is trained on: Eq. 7 with all classes alike
old_meta = M.ExemplarTraining.meta_loss
def meta_loss(self, classifier, images, labels):
    old = getattr(self, "_judged_too", None)
    if old is None: return old_meta(self, classifier, images, labels)
    return M.balanced_loss(classifier, (images, labels), old, self.classes[0], len(old[1].unique()))
M.ExemplarTraining.meta_loss = meta_loss
old_new_training = M.new_exemplar_training
def new_training(model, memory, first, data, level, seed):
    training = old_new_training(model, memory, first, data, level, seed)
    if X.get("balanced") and first:
        old = memory.labels < first
        training._judged_too = (M.read(memory.images[old]), memory.labels[old])
        training.engine = training.program(level)
    return training
for module in list(sys.modules.values()):
    if getattr(module, "new_exemplar_training", None) is old_new_training:
        module.new_exemplar_training = new_training
old_part = A.Adjustment._training
def adjusting(self, number):
    training = old_part(self, number)
    training._adjusts = True
    return training
A.Adjustment._training = adjusting

# --- soft labels learned with the pixels
import torch.nn.functional as F
from mnemonics_lib.bilevel.inner import local_program
from mnemonics_lib.training import Descent
from mnemonics_lib.data.samples import Samples
SOFT = {}  # n rows of the memory: [n, K]

def base_logits(labels, K):
    return X["labels"].get("a", 4.0) * F.one_hot(labels, K).float()

@torch.no_grad()
def own_logits(self, E):
    was = self.model.training; self.model.eval()
    z = torch.log_softmax(self.model(E), 1)
    self.model.train(was)
    return z

old_init = M.ExemplarTraining.__init__
def init(self, model, exemplars, validation, context, level, seed):
    old_init(self, model, exemplars, validation, context, level, seed)
    if X.get("labels"):
        K, y = model.classes, exemplars[1]
        if X["labels"].get("from") == "own":
            self.Z0 = own_logits(self, self.E.detach())
        elif X["labels"].get("from") == "teacher":
            with torch.no_grad():
                was = model.training; model.eval(); z = model(self.E.detach()) / X["labels"].get("tau", 2.0); model.train(was)
                self.Z0 = torch.log_softmax(z, 1) + X["labels"].get("plus", 0.0) * F.one_hot(y, K)
        else:
            self.Z0 = base_logits(y, K)
        self.Z = torch.zeros_like(self.Z0).requires_grad_()
        lr = X["labels"].get("lr", 0.05)
        self.zopt = torch.optim.Adam([self.Z], lr=lr) if lr else None
        chw = self.E[0].numel(); shape = self.E.shape[1:]
        ctx = SOFT.get("table"); n_ctx = len(context[1])
        soft_ctx = F.pad(ctx[:n_ctx], (0, K - ctx.shape[1])) if n_ctx else torch.zeros(0, K)
        inner = self.inner
        def load(packed, index, *crops):
            E = packed[:, :chw].reshape(-1, *shape)
            soft = torch.cat([torch.softmax(self.Z0 + packed[:, chw:], 1), soft_ctx])
            return inner.images(E, index, *crops), soft.index_select(0, index)
        self.program = lambda level: local_program(load, self.meta_loss, level)
        self.engine = self.program(level)
M.ExemplarTraining.__init__ = init

def label_step(self):
    if X["labels"].get("from") == "own": self.Z0 = own_logits(self, self.E.detach())
    D = self.validation[self.done]
    theta = self.temporary(self.done)
    mini = self.inner.draw(self.done, self.engine.minibatches_per_call)
    packed = torch.cat([self.E.detach().flatten(1), self.Z.detach()], 1)
    r = self.engine(theta, packed, mini, D)
    chw = self.E[0].numel()
    self.E.grad = r.gradient[:, :chw].reshape(self.E.shape).clone()
    self.Z.grad = r.gradient[:, chw:].clone()
    if not X["labels"].get("only"):
        self.optimizer.step()
    if self.zopt: self.zopt.step()
    self.log.write(self.done, r.meta_loss, r.base_losses[0], r.base_losses[-1], M.rms(self.E.grad), M.rms(self.E.detach() - self.start), 0 * r.meta_loss, 0 * r.meta_loss)
    self._done += 1
    if self.done == len(self):
        if X["labels"].get("from") == "own": self.Z0 = own_logits(self, self.E.detach())
        soft = torch.softmax(self.Z0 + self.Z.detach(), 1)
        K = soft.shape[1]
        t = SOFT.get("table")
        SOFT["table"] = soft if t is None else torch.cat([F.pad(t, (0, K - t.shape[1])), soft])
plain_step = M.ExemplarTraining.step
def any_step(self):
    label_step(self) if X.get("labels") else plain_step(self)
M.ExemplarTraining.step = any_step

# soft labels in the model level too
import mnemonics_lib.losses as LO
from mnemonics_lib.methods.base import Method
from mnemonics_lib.methods.lucir import LUCIR
CUR = {}
hard_ce = LO.cross_entropy
def maybe_soft(logits, labels):
    ids = CUR.get("ids")
    if ids is None or len(ids) != len(labels) or not bool((ids > 0).any()): return hard_ce(logits, labels)
    target = F.one_hot(labels, logits.shape[1]).float()
    t = SOFT["table"]; t = F.pad(t, (0, logits.shape[1] - t.shape[1]))
    target = torch.where((ids > 0)[:, None], t[(ids - 1).clamp(min=0)], target)
    return F.cross_entropy(logits, target)
LO.cross_entropy = maybe_soft
def decoded(cls):
    old = cls.loss
    def loss(self, model, teacher, images, labels):
        CUR["ids"] = labels // 1000
        try: return old(self, model, teacher, images, labels % 1000)
        finally: CUR.clear()
    cls.loss = loss
decoded(Method); decoded(LUCIR)
old_td = G.training_data
def training_data(experiment, state, new):
    if X.get("labels", {}).get("replay"):
        n = len(state.memory.labels)
        return new.with_exemplars(state.memory.images, state.memory.labels + 1000 * (1 + torch.arange(n)))
    return old_td(experiment, state, new)
G.training_data = training_data
old_al = G.metrics.accuracy_and_loss
def accuracy_and_loss(model, samples, *a, **k):
    if len(samples.labels) and int(samples.labels.max()) >= 1000:
        samples = dataclasses.replace(samples, labels=samples.labels % 1000)
    return old_al(model, samples, *a, **k)
G.metrics.accuracy_and_loss = accuracy_and_loss

old_ft = G.balanced_finetuning
def soft_ft(experiment, state, walk):
    if not X.get("labels") or not state.phase: return old_ft(experiment, state, walk)
    real = G.classification
    mem = state.memory
    table = SOFT["table"]
    K = state.model.classes
    table = F.pad(table, (0, K - table.shape[1]))
    hard = mem.labels
    mixed = table
    old_samples = type(mem).samples
    def classification(model, images, ids):
        return F.cross_entropy(model(images), mixed[ids])
    import dataclasses as dc
    class Mem:
        def __getattr__(s, n): return getattr(mem, n)
        def samples(s, pixels): return Samples.learned(mem.images, torch.arange(len(mem.labels)), pixels)
    # only the descent sees ids; the "before" measurement uses the real memory
    real_descent = G.Descent
    def D(model, loss, samples, sgd, seed):
        ids = Samples.learned(mem.images, torch.arange(len(mem.labels)), experiment.data.pixels)
        return real_descent(model, G.partial(classification, model), ids, sgd, seed)
    G.Descent = D
    try: return old_ft(experiment, state, walk)
    finally: G.Descent = real_descent

def walker(loop, name):
    if hasattr(loop, "use"):
        loop.use(5e9)
    while loop.done < len(loop):
        loop.step()
    return loop

old_new = G.new_exemplars
def new_exemplars(experiment, state, walk):
    only = X.get("only")
    if (only == "first" and state.phase) or (only == "later" and not state.phase):
        # as herding: no training
        import mnemonics_lib.steps as S
        return "skip"
    return old_new(experiment, state, walk)

def run(job):
    SOFT.clear(); X.clear(); X.update(job.get("x", {}))
    sets = {"classes": [0, 20], "seed": job["seed"], "adjust": 0, "weight_transfer": True, "finetune": True, "budget": job["budget"]}
    sets |= job.get("set", {})
    config = load_config(os.environ["LIBRARY"] + "/params/small/cifar100-n5.yaml", {"exemplars": job["exemplars"]} | sets, job["method"])
    if X.get("recalibrate"):  # which the library refuses of perturbed starts, whose running statistics do not fit them
        level = config.exemplar_level.model_copy(update={"batch_norm": "running"})
        config = config.model_copy(update={"exemplar_level": level})
    experiment = Experiment.of(config)
    experiment = dataclasses.replace(experiment, data=held_out(experiment.data, experiment.protocol.order, job["seed"]))
    state = G.initial_state(experiment)
    t0 = time.process_time()
    rows, snaps = [], []
    while state.phase <= config.phases:
        if state.phase == 0:
            key = f"{config.head}-{config.quota(10)[1]}-{job['seed']}-{config.training.epochs}" + ("" if job.get("regime") is None else job["regime"])
            path = ROOT / "theta0" / f"fifth-{key}.pt"
            with open(str(path) + ".lock", "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if path.exists():
                    saved = torch.load(path, weights_only=False)
                    per = config.quota(experiment.protocol.seen(0))[1]
                    state.model.load_state_dict(saved["model"]); row = saved["row"]
                    if per:
                        state.held_out = state.held_out.shrink(per).extend(*experiment.held_out(0).to_keep())
                    state.last = saved["last"]
                else:
                    row = G.model_level(experiment, state, walker)
                    torch.save({"model": state.model.state_dict(), "row": row, "last": state.last}, path)
            row = dict(row)
            if X.get("transfer_first"):
                transfer_weights(state.model)
        else:
            row = G.model_level(experiment, state, walker)
        G.select_exemplars(experiment, state)
        skip = X.get("only") and ((X["only"] == "first") == bool(state.phase))
        if skip and config.exemplars == "mnemonics":
            real = experiment.config
            object.__setattr__(experiment, "config", real.model_copy(update={"exemplars": "herding"}))
            row |= G.exemplar_level(experiment, state, walker)
            object.__setattr__(experiment, "config", real)
        else:
            row |= G.exemplar_level(experiment, state, walker)
        row |= soft_ft(experiment, state, walker)
        row |= G.finish_phase(experiment, state)
        row |= G.evaluate(experiment, state)
        state.results.append(row); state.phase += 1
        if job.get("snap"):
            m = state.memory
            snaps.append({"model": copy.deepcopy(state.model), "E": m.images.clone(), "origin": m.origin.clone(), "labels": m.labels.clone()})
        ex = row["exemplars"]
        rows.append({"acc": row["accuracy"], "before": row["accuracy_before_finetuning"], "first": row["first_classes_accuracy"],
            "train_acc": row["train_accuracy"], "disp": row["displacement_new"], "ex": {k: v for k, v in ex.items() if k != "log"} if ex else None,
            "meta": [ex["log"][0], ex["log"][-1]] if ex and "log" in ex else None})
    if job.get("snap"): torch.save(snaps, ROOT / "snaps" / f"{job['name']}-{job['method']}-{job['budget']}-{job['seed']}.pt")
    return {"avg": sum(r["acc"] for r in rows) / len(rows), "rows": rows, "cpu": time.process_time() - t0}

def main():
    while True:
        jobs = sorted((ROOT / "queue").glob("*.json"))
        if not jobs or (ROOT / "stop").exists(): return
        if (ROOT / "pause").exists():
            time.sleep(3); continue
        job = jobs[0]
        mine = ROOT / "running" / job.name
        try: job.rename(mine)
        except FileNotFoundError: continue
        try:
            values = json.loads(mine.read_text())
            out = run(values)
            with open(ROOT / "results.jsonl", "a") as f:
                fcntl.flock(f, fcntl.LOCK_EX)
                f.write(json.dumps(values | out) + "\n")
            mine.rename(ROOT / "done" / job.name)
        except Exception:
            traceback.print_exc()
            mine.rename(ROOT / "failed" / job.name)
main()
