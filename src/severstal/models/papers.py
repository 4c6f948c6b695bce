"""The paper of each network, and what the network is in one line."""

from typing import NamedTuple


class NetworkDescription(NamedTuple):
    """A network's name, paper and summary.

    Attributes:
        name: name in the registry.
        paper: authors, year and venue.
        summary: one line on what is particular to it.
    """

    name: str
    paper: str
    summary: str


_RONNEBERGER = "Ronneberger, Fischer and Brox 2015, MICCAI"
_LONG = "Long, Shelhamer and Darrell 2015, CVPR"
_STRUDEL = "Strudel, Garcia, Laptev and Schmid 2021, ICCV"
NETWORK_PAPERS = {
    "classical": (
        "Otsu 1979, IEEE SMC; Adams and Bischof 1994, PAMI; Lloyd 1982, IEEE IT; Shi and Malik 2000, PAMI",
        "Threshold, region growing, k-means or graph cut, fitted on counts of pixels",
    ),
    "deeplab_v1": (
        "Chen, Papandreou, Kokkinos, Murphy and Yuille 2015, ICLR",
        "Encoder of stride 8, and one 3 x 3 convolution of rate 12 (LargeFOV)",
    ),
    "deeplab_v2": (
        "Chen, Papandreou, Kokkinos, Murphy and Yuille 2018, PAMI",
        "Encoder of stride 8, and the sum of four branches of rates 6, 12, 18 and 24 (ASPP)",
    ),
    "deeplab_v3": (
        "Chen, Papandreou, Schroff and Adam 2017, arXiv 1706.05587",
        "Encoder of stride 8, and ASPP of rates 12, 24 and 36 beside the picture's mean",
    ),
    "deeplab_v3plus": (
        "Chen, Zhu, Papandreou, Schroff and Adam 2018, ECCV",
        "Encoder of stride 16, separable ASPP of rates 6, 12 and 18, and a decoder at stride 4",
    ),
    "dinov3_dpt": (
        "Siméoni et al. 2025, arXiv 2508.10104; Ranftl, Bochkovskiy and Koltun 2021, ICCV",
        "DPT on a transformer that was pretrained without labels; its weights have their own licence",
    ),
    "dpt": (
        "Ranftl, Bochkovskiy and Koltun 2021, ICCV",
        "Four blocks of a vision transformer, reassembled at strides 4 to 32 and fused",
    ),
    "fcn16s": (_LONG, "Scores at strides 32 and 16, added"),
    "fcn32s": (_LONG, "Scores at stride 32, interpolated"),
    "fcn8s": (_LONG, "Scores at strides 32, 16 and 8, added"),
    "fpn": (
        "Lin et al. 2017, CVPR; Kirillov, Girshick, He and Dollár 2019, CVPR",
        "Feature pyramid whose levels are brought to stride 4 and summed",
    ),
    "gcn": (
        "Peng, Zhang, Yu, Luo and Sun 2017, CVPR",
        "Large kernels as two thin ones, refined at the boundaries, from stride 32 to 4",
    ),
    "hrnet": (
        "Wang et al. 2020, PAMI",
        "Branches of strides 4 to 32 side by side in the encoder, joined at stride 4",
    ),
    "hrnet_ocr": (
        "Yuan, Chen and Wang 2020, ECCV",
        "HRNet whose pixels are described by the soft regions that they resemble",
    ),
    "ksac": (
        "Huang, Wang, Jia and He 2019, arXiv 1908.09443",
        "DeepLab v3+ with one kernel shared by the rates 6, 12 and 18",
    ),
    "linknet": ("Chaurasia and Culurciello 2017, VCIP", "Unet that adds its skips, with thin decoder blocks"),
    "manet": (
        "Fan, Wang, Li and Wang 2020, IEEE Access",
        "Unet with attention over positions, and over channels at each skip",
    ),
    "maskrcnn": (
        "He, Gkioxari, Dollár and Girshick 2017, ICCV",
        "Boxes that hold a defect, a mask in each, merged to one map per class",
    ),
    "pan": (
        "Li, Xiong, An and Wang 2018, BMVC",
        "Encoder of stride 16, attention over a pyramid of its deepest feature, gated skips",
    ),
    "pspnet": (
        "Zhao, Shi, Qi, Wang and Jia 2017, CVPR",
        "Encoder of stride 8, pooled to 1, 2, 3 and 6 cells a side beside each pixel",
    ),
    "segformer": (
        "Xie, Wang, Yu, Anandkumar, Alvarez and Luo 2021, NeurIPS",
        "Linear layers on the features of strides 4 to 32, joined at stride 4",
    ),
    "segmenter_linear": (_STRUDEL, "One linear layer on the last patches of a vision transformer"),
    "segmenter_mask": (_STRUDEL, "Class tokens and patches through two more blocks; masks are their cosines"),
    "segnet": (
        "Badrinarayanan, Kendall and Cipolla 2017, PAMI",
        "VGG mirrored; maxima return to the places that the pooling took them from",
    ),
    "unet": (
        _RONNEBERGER,
        "Skips from the encoder's features of every stride to the decoder's",
    ),
    "unet_paper": (_RONNEBERGER, "Unet with the paper's own encoder of 64 to 1024 channels, not pretrained"),
    "unetplusplus": (
        "Zhou, Siddiquee, Tajbakhsh and Liang 2018, DLMIA",
        "Unet whose skips pass nested, dense convolutions",
    ),
    "upernet": (
        "Xiao, Liu, Zhou, Jiang and Sun 2018, ECCV",
        "Pyramid pooling on the deepest feature, then a feature pyramid, joined at stride 4",
    ),
}
"""Paper and summary of each network by its name; `registry.describe_networks` makes them rows."""
