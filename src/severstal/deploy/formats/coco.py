"""Results as a COCO data set: one annotation per defect, with its score."""

from collections.abc import Iterable
from typing import Any

from severstal.competition.spec import Spec


def coco_content(records: Iterable[dict[str, Any]], spec: Spec) -> dict[str, Any]:
    """A data set as COCO's "object detection" form has it.

    Images and annotations count from 1; a category's id is its `ClassId`; `score` is the mean probability.

    Args:
        records: what `Result.to_json` gave, one per picture.
        spec: specification of the data set; names the classes.
    """
    images, annotations = [], []
    for record in records:
        images.append(
            {
                "id": len(images) + 1,
                "file_name": record["image"],
                "width": record["width"],
                "height": record["height"],
            }
        )
        for defect in record["defects"]:
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": len(images),
                    "category_id": defect["class_id"],
                    "segmentation": defect["segmentation"],
                    "area": defect["area"],
                    "bbox": defect["box"],
                    "iscrowd": 0,
                    "score": defect["mean_probability"],
                }
            )
    return {
        "info": {"description": f"defects found by a model of {spec.name}", "version": "1.0"},
        "licenses": [],
        "images": images,
        "annotations": annotations,
        "categories": [
            {"id": class_id, "name": name, "supercategory": ""}
            for class_id, name in zip(spec.class_ids, spec.classes, strict=True)
        ],
    }
