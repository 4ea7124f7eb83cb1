import subprocess
import sys

import pytest

from crmstudy.kernels.resample import generator


def test_same_seed_and_names_give_the_same_numbers():
    assert generator(7, "alpha", "trust").random(5).tolist() == generator(7, "alpha", "trust").random(5).tolist()


@pytest.mark.parametrize("other", [(8, "a", "bc"), (7, "ab", "c"), (7, "bc", "a"), (7, "a"), (7,)])
def test_another_seed_name_border_or_order_gives_other_numbers(other):
    assert generator(7, "a", "bc").random() != generator(*other).random()


def test_names_in_any_script_are_allowed():
    assert generator(7, "رضایت").random() != generator(7, "доверие").random()


def test_the_stream_does_not_depend_on_the_process():
    program = "from crmstudy.kernels.resample import generator; print(generator(20261121, 'alpha').integers(2**62))"
    runs = {
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert runs == {f"{generator(20261121, 'alpha').integers(2**62)}\n"}


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="whole number from 0"):
        generator(-1)
