"""What a class order must be, wherever one is given."""

from __future__ import annotations

from collections import Counter

from mnemonics_lib.data.wording import is_whole, kind, listed


def require_order(order: list[int]) -> None:
    """Raise ValueError unless this is a list of data-set class ids: integers from 0 up, each of them once.

    It need not be all classes of a data set, so what it names is compared with the data elsewhere.
    """
    if not isinstance(order, list):
        raise ValueError(f"order = {kind(order)}: must be a list of class ids")
    wrong = [repr(class_id) for class_id in order if not is_whole(class_id, 0)]
    if wrong:
        raise ValueError(f"order: holds {listed(wrong)}: must be class ids of the data set, integers >= 0")
    repeated = sorted(class_id for class_id, times in Counter(order).items() if times > 1)
    if repeated:
        raise ValueError(f"order: repeats {listed(repeated)}: must name each class once")
