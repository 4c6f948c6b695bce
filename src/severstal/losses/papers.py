"""The paper of each loss, and what the loss is in one line."""

from typing import NamedTuple


class LossDescription(NamedTuple):
    """A loss's name, paper and summary.

    Attributes:
        name: name in the registry.
        paper: authors, year and venue.
        summary: one line on what is particular to it.
    """

    name: str
    paper: str
    summary: str


LOSS_PAPERS = {
    "bce": (
        "Ronneberger, Fischer and Brox 2015, MICCAI, for one class",
        "Binary cross-entropy of every pixel of every class",
    ),
    "border_weighted_bce": (
        "Ronneberger, Fischer and Brox 2015, MICCAI",
        "Binary cross-entropy that weighs narrow gaps between pieces of a mask up to 11 times",
    ),
    "boundary": (
        "Kervadec et al. 2019, MIDL",
        "Probabilities times the signed distance to the true boundary",
    ),
    "ce": (
        "Long, Shelhamer and Darrell 2015, CVPR",
        "Cross-entropy of one softmax over the classes and the background",
    ),
    "dice": (
        "Milletari, Navab and Ahmadi 2016, 3DV",
        "1 - soft Dice of each pair; a term for false alarms where the mask is empty",
    ),
    "focal": (
        "Lin, Goyal, Girshick, He and Dollár 2017, ICCV",
        "Binary cross-entropy that weighs pixels by (1 - p)^2 of what is true",
    ),
    "focal_tversky": (
        "Abraham and Khan 2019, ISBI",
        "The Tversky loss to the power of 3/4",
    ),
    "hausdorff": (
        "Karimi and Salcudean 2020, TMI",
        "Squared errors times the squared distances to the true and the predicted boundary",
    ),
    "jaccard": (
        "Rahman and Wang 2016, ISVC",
        "1 - soft intersection over union of each pair",
    ),
    "lovasz": (
        "Berman, Triki and Blaschko 2018, CVPR",
        "Convex extension of the Jaccard loss at the hinge errors of each pair",
    ),
    "mcc": (
        "Abhishek and Hamarneh 2021, ISBI",
        "1 - Matthews correlation of each pair",
    ),
    "symmetric_lovasz": (
        "Berman, Triki and Blaschko 2018, CVPR; the 14th place of the competition, 2019",
        "Mean of the Lovász hinges of the masks and of their complements",
    ),
    "tversky": (
        "Salehi, Erdogmus and Gholipour 2017, MLMI",
        "1 - TP / (TP + 0.3 FP + 0.7 FN) of each pair",
    ),
    "weighted_ce": (
        "Long, Shelhamer and Darrell 2015, CVPR, with weights of classes",
        "Cross-entropy of one softmax, with a weight per class",
    ),
}
"""Paper and summary of each loss of masks by its name; `registry.describe_losses` makes them rows."""
