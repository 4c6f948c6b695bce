"""The smallest encoder of each architecture."""

from severstal.models.encoders import OWN_ENCODER
from severstal.models.registry import architectures
from severstal.models.smallest import PARTICULAR, smallest


def test_only_what_is_there_needs_a_particular_one() -> None:
    assert set(PARTICULAR) <= set(architectures())
    assert {name for name, encoder in PARTICULAR.items() if encoder == OWN_ENCODER} == {
        "classical",
        "unet_paper",
    }


def test_the_options_are_one_s_own() -> None:
    smallest("dpt")[1].clear()
    assert smallest("dpt")[1]
