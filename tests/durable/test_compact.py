"""How a record's numbers are written: exact, dense where they are many, a line each where a person reads them."""

from __future__ import annotations

import json
import math
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mnemonics_lib.durable import compact


@given(st.data(), st.sampled_from(compact.TYPES), arrays.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=30))
def test_a_packed_array_comes_back_bit_for_bit(data, kind, shape):
    array = data.draw(arrays.arrays(kind, shape))
    found = compact.unpack(compact.pack(array))
    assert (found.shape, found.dtype) == (array.shape, array.dtype)
    assert found.tobytes() == array.tobytes()  # not a number is one too


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_byte_order_of_the_machine_does_not_matter(order):
    array = np.array([[1, 2], [3, 65535]], f"{order}u2")
    assert compact.pack(array) == compact.pack(array.astype("u2"))
    assert compact.unpack(compact.pack(array)).tolist() == array.tolist()


def test_a_packed_string_is_what_its_documentation_says():
    import base64

    array = np.arange(6, dtype="<u2").reshape(2, 3) * 257
    word, kind, shape, data = compact.pack(array).split(" ")
    assert (word, kind, shape) == ("zlib85", "uint16", "2x3")
    low, high = np.frombuffer(zlib.decompress(base64.b85decode(data)), np.uint8).reshape(2, 6)
    assert (low + 256 * high.astype(int)).tolist() == array.ravel().tolist()
    assert json.loads(json.dumps(compact.pack(array))) == compact.pack(array)
    assert not set(data) & set('"\\ ')  # nothing that JSON would write in two letters


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_the_decimals_of_a_float32_are_enough_and_few(value):
    text = json.dumps(compact.single(value))
    assert np.float32(float(text)) == np.float32(value)
    assert math.copysign(1, float(text)) == math.copysign(1, value)
    assert len(text.lstrip("-").partition("e")[0].replace(".", "").strip("0")) <= 9


@pytest.mark.parametrize("count", [0, 1, compact.LONGEST_LIST])
def test_a_short_list_is_written_out(count):
    values = [1 / 3] * count
    assert compact.column(values) == values
    assert compact.single_column(values) == [0.33333334] * count


def test_a_long_list_and_a_large_matrix_are_packed_in_the_smallest_type_that_holds_them():
    assert str(compact.column([0.1] * 17)).startswith("zlib85 float64 17 ")
    assert str(compact.single_column([0.1] * 17)).startswith("zlib85 float32 17 ")
    for most, kind in ((255, "uint8"), (256, "uint16"), (65536, "uint32"), (2**40, "uint64")):
        assert str(compact.matrix([[most] * 13] * 13)).startswith(f"zlib85 {kind} 13x13 ")
    assert compact.matrix([[5] * 12] * 12) == [[5] * 12] * 12


def test_a_row_of_a_matrix_and_a_list_take_a_line():
    value = {"a": [1, 2.5, "x"], "b": [[1, 2], [3, 4]], "c": [{"d": None}, {}], "e": [], "f": {"g": True}}
    assert compact.to_text(value).splitlines() == [
        "{",
        ' "a": [1, 2.5, "x"],',
        ' "b": [',
        "  [1, 2],",
        "  [3, 4]",
        " ],",
        ' "c": [',
        "  {",
        '   "d": null',
        "  },",
        "  {}",
        " ],",
        ' "e": [],',
        ' "f": {',
        '  "g": true',
        " }",
        "}",
    ]


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain)
def test_the_text_is_json_of_the_same_value(value):
    assert repr(json.loads(compact.to_text(value))) == repr(value)


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"a": [[-math.inf]]}])
def test_what_json_does_not_have_is_refused(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        compact.to_text(value)
