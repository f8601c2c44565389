# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Results: the paper says, we got
#
# Every number on this page is computed from the run records in `book/records`, listed at the end, and from the paper's
# own tables. Claims compare paired seeds, with a 95 % interval; fewer than three seeds make no claim.

# %% tags=["hide-input"]
import json

import matplotlib.pyplot as plt
import pandas as pd
from IPython.display import Markdown, display

from mnemonics_lib import figures, report
from mnemonics_lib.paths import RECORDS, ROOT

figures.style()
table1 = pd.read_csv(ROOT / "book" / "paper" / "table1.csv")
table2 = pd.read_csv(ROOT / "book" / "paper" / "table2.csv")
digits = report.evidence("quick", "digits-n5")


def show(frame):
    """A data frame as a Markdown table, which wraps and scrolls like the rest of the page."""
    lines = [list(map(str, row)) for row in frame.itertuples(index=False)]
    head = "| " + " | ".join(map(str, frame.columns)) + " |\n|" + "---|" * len(frame.columns)
    display(Markdown(head + "".join("\n| " + " | ".join(line) + " |" for line in lines)))


# %% [markdown]
# ## The paper's claims on digits
#
# The paper's differences are those of its Table 2 (LUCIR on CIFAR-100, $N = 5$, 20 exemplars per class, one number per
# cell). Ours are LwF on scikit-learn's digits, $N = 5$. The settings are so far apart that only the *sign* can be
# compared: a verdict says whether our interval lies on the paper's side of zero.

# %% tags=["hide-input"]
CLAIMS = [
    ("trained beat herding", ("mnemonics", "no"), ("herding", "no"), "mnemonics", "herding"),
    ("trained beat random", ("mnemonics", "no"), ("random", "no"), "mnemonics", "random"),
    ("herding beats random", ("herding", "no"), ("random", "no"), "herding", "random"),
    ("adjusting old ones helps, trained", ("mnemonics", "yes"), ("mnemonics", "no"), "mnemonics-adjust", "mnemonics"),
    ("adjusting old ones helps, herding", ("herding", "yes"), ("herding", "no"), "herding-adjust", "herding"),
]


def of_paper(arm, field, phases=5):
    """A number of the paper's Table 2, CIFAR-100."""
    kind, adjusted = arm
    match = (table2.dataset == "cifar100") & (table2.phases == phases)
    return table2[match & (table2.exemplars == kind) & (table2.adjust_old == adjusted)][field].item()


def verdict(paper, ours):
    """Whether our interval lies on the paper's side of zero."""
    if ours.verdict in ("too few seeds", "no difference shown"):
        return ours.verdict
    return "same sign" if (ours.mean > 0) == (paper > 0) else "**opposite sign**"


def claims(field, paper_field):
    """One row per claim: the paper's difference, ours, and the verdict."""
    for name, first, second, ours_first, ours_second in CLAIMS:
        paper = of_paper(first, paper_field) - of_paper(second, paper_field)
        if ours_first in digits and ours_second in digits:
            ours = report.difference(digits, ours_first, ours_second, field)
            yield name, f"{paper:+.2f}", ours, verdict(paper, ours)
        else:
            yield name, f"{paper:+.2f}", "not run", ""


# %% [markdown]
# **Average accuracy**, differences in points:

# %% tags=["remove-input"]
show(pd.DataFrame(claims("average_accuracy", "avg_acc"), columns=["claim", "paper says", "we got", "verdict"]))

# %% [markdown]
# **Forgetting rate**, differences in points (negative is better):

# %% tags=["remove-input"]
show(pd.DataFrame(claims("forgetting", "forgetting"), columns=["claim", "paper says", "we got", "verdict"]))

# %% [markdown]
# ## Every arm
#
# Mean and half-width of the 95 % interval over seeds. *Displacement* is the root-mean-square distance of the final
# exemplars from the images they started from, in standard deviations of the data's pixels. *Cost* is a whole run on one
# thread.

# %% tags=["remove-input"]
for name in ("digits-n5", "digits-n1"):
    found = report.evidence("quick", name)
    if found:
        display(Markdown(f"**{name}**"))
        show(report.summary(found).reset_index())

# %% tags=["hide-input"] mystnb={"image": {"alt": "Accuracy after each phase on digits for random, herding and mnemonics, with 95 % bands."}}
plain = [r for arm in ("random", "herding", "mnemonics") for r in digits.get(arm, {}).values()]
if plain:
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained", sharey=True)
    figures.phase_curves(plain, left).set(title="all classes seen")
    figures.phase_curves(plain, right, key="first_classes_accuracy").set(title="first classes")
    plt.show()

# %% [markdown]
# ## The paper's tables
#
# The place of each cell of the paper's Tables 1 and 2. A cell is *not run* until `book/records` has its record.


# %% tags=["hide-input"]
def ours_of(row, **fields):
    """Our average accuracy for a cell of the paper's tables, from records at paper scale."""
    found = report.evidence("paper", f"{row.dataset}-n{row.phases}")
    for by_seed in found.values():
        records = [r for r in by_seed.values() if all(r[name] == value for name, value in fields.items())]
        if records:
            return report.mean_pm(report.interval([r["average_accuracy"] for r in records]))
    return "not run"


def table_1(row):
    """Table 1: a method with or without everything the paper adds."""
    on = row.with_mnemonics == "yes"
    kind = "mnemonics" if on else "herding"
    return ours_of(row, method=row.method, exemplars=kind, weight_transfer=on, finetune=on, adjust=2 * on)


def table_2(row):
    """Table 2: LUCIR with weight transfer, kinds of exemplars."""
    adjust = 2 if row.adjust_old == "yes" else 0
    return ours_of(row, method="lucir", exemplars=row.exemplars, weight_transfer=True, adjust=adjust)


# %% [markdown]
# **Table 1**, average accuracy (%):

# %% tags=["remove-input"]
wide = table1.assign(ours=[table_1(row) for row in table1.itertuples()])
show(
    wide.rename(columns={"avg_acc": "paper says", "with_mnemonics": "with ours", "ours": "we got"}).drop(
        columns="forgetting"
    )
)

# %% [markdown]
# **Table 2**, average accuracy (%):

# %% tags=["remove-input"]
wide = table2.assign(ours=[table_2(row) for row in table2.itertuples()])
show(
    wide.rename(columns={"avg_acc": "paper says", "adjust_old": "adjusted", "ours": "we got"}).drop(
        columns="forgetting"
    )
)

# %% [markdown]
# ## The records

# %% tags=["remove-input"]
rows = []
for path in sorted(RECORDS.glob("*/*/*/seed-*.json")):
    record = json.loads(path.read_text())
    made_by = (record["code"]["commit"] or "unknown")[:10] + (" (modified)" if record["code"]["dirty"] else "")
    rows.append((path.parent, record["seed"], made_by, record["device"], record["versions"]["torch"]))
listed = pd.DataFrame(rows, columns=["path", "seed", "commit", "device", "torch"])
grouped = (
    listed.groupby(["path", "commit", "device", "torch"])["seed"].agg(lambda s: f"{s.min()} to {s.max()}").reset_index()
)
show(
    grouped.assign(path=[f"`{p.relative_to(ROOT)}`" for p in grouped.path])[
        ["path", "seed", "commit", "device", "torch"]
    ]
)
