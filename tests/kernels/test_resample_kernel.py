import subprocess
import sys

import numpy as np
import pytest

from crmstudy.errors import MissingExtraError
from crmstudy.kernels import resample
from crmstudy.kernels.resample import generator, replicate, spread_over, watched


def means(size, stream):
    """What a chunk of replicates gives in these tests."""
    return stream.normal(size=(size, 3)).mean(axis=1)


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


def test_replicates_are_made_in_chunks_and_none_is_left_out():
    seen = []
    with watched(lambda done, total: seen.append((done, total))):
        parts = replicate(means, 23, 7, "here", chunk=10, workers=1)
    assert [len(part) for part in parts] == [10, 10, 3]
    assert seen == [(10, 23), (20, 23), (23, 23)]
    assert len(set(np.concatenate(parts).tolist())) == 23


def test_more_replicates_begin_with_the_same_ones():
    fewer, more = (np.concatenate(replicate(means, n, 7, "here", chunk=10, workers=1)) for n in (20, 40))
    assert fewer.tolist() == more[:20].tolist()


def test_replicates_are_the_same_in_other_processes(monkeypatch):
    alone = replicate(means, 40, 7, "here", chunk=10, workers=1)
    monkeypatch.setattr(resample, "_WORTH_WORKERS", -1.0)
    seen = []
    with watched(lambda done, total: seen.append(done)), spread_over(2):
        together = replicate(means, 40, 7, "here", chunk=10)
    assert [part.tolist() for part in together] == [part.tolist() for part in alone]
    assert seen == [10, 20, 30, 40]


@pytest.mark.peer
@pytest.mark.filterwarnings("ignore")
def test_replicates_are_the_same_on_a_dask_cluster(monkeypatch):
    pytest.importorskip("distributed", reason="Dask is not installed: pip install crmstudy[dask]")
    alone = replicate(means, 40, 7, "here", chunk=10, workers=1)
    monkeypatch.setattr(resample, "_WORTH_WORKERS", -1.0)
    with spread_over(2, "dask"):
        together = replicate(means, 40, 7, "here", chunk=10)
    assert [part.tolist() for part in together] == [part.tolist() for part in alone]


def test_a_missing_dask_is_named_with_what_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match="dask"), spread_over(2, "dask"):
        pytest.fail("the loop must not begin")


def test_the_number_of_workers_ends_with_the_block(monkeypatch):
    monkeypatch.setattr(resample, "_WORTH_WORKERS", -1.0)
    with spread_over(1):
        assert not resample._worth_workers(1.0, 10, None)
    assert resample._worth_workers(1.0, 10, 2)
