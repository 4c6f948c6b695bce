"""Probability maps on disk: uint8 pictures in shards, readable without loading them, resumable after a kill.

A folder of maps holds `maps-00000.npy`, `maps-00001.npy`, ..., each (images, classes, h, w) of uint8, where 0
to 255 stands for 0 to 1. Where each picture has its own shape, it is (bytes,): the (classes, h, w) of one
image after the other, by the shapes in the manifest. Beside each lies `classes-00000.npy`, (images, classes)
of uint8, the probability of each class being anywhere in the picture; and `maps.json`, the manifest, which is
written last: where it is, the maps are whole. Until then `maps.part.json`, the record, says what the shards
are made from, and the checksums of those that were written. A shard is renamed into place when it is whole,
and its checksums are recorded after that: one that is not what the record says, or that it does not know, is
written again and never signed as it lies there. One process at a time writes a folder; its threads may write
different shards.
"""

from severstal.inference.maps.layout import MapLayout
from severstal.inference.maps.reader import MapReader, enlarge
from severstal.inference.maps.writer import MapWriter

__all__ = ["MapLayout", "MapReader", "MapWriter", "enlarge"]
