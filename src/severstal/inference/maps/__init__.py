"""Probability maps on disk: uint8 pictures in shards, readable without loading them, resumable after a kill.

A folder of maps holds `maps-00000.npy`, `maps-00001.npy`, ..., each (images, classes, h, w) of uint8, where 0
to 255 stands for 0 to 1; beside each `classes-00000.npy`, (images, classes) of uint8, the probability of each
class being anywhere in the picture; and `maps.json`, the manifest, which is written last: where it is, the
maps are whole. Until then `maps.part.json` says what the shards are made from. A shard is renamed into place
when it is whole, so that its being there is all the progress to be kept: no count can be out of step with the
files, and processes that write different shards do not meet.
"""

from severstal.inference.maps.layout import Layout
from severstal.inference.maps.reader import MapReader, enlarge
from severstal.inference.maps.writer import MapWriter

__all__ = ["Layout", "MapReader", "MapWriter", "enlarge"]
