"""The table of an ablation as text."""

import pandas as pd

_NOTES = (
    "Gains are over the recipe itself, on the same images, with their 95 % interval over groups of images.",
    "A * marks an interval that excludes 0: of twenty switches without an effect, one has it by chance.",
    "The interval does not include the randomness of the training: compare the row `seed`, the recipe itself",
    "with another seed. Dice on defects is that of plain 0.5.",
)


def format_ablation(table: pd.DataFrame) -> str:
    """Format an ablation as text, with notes on how to read it.

    Args:
        table: one row per training, as `ablation_table` returns it.

    Example:
        >>> row = {"switch": "recipe", "turned": "", "score": 0.9, "plain": 0.85, "pictures_a_second": 30.0}
        >>> row |= {"dice_on_defects": None, "fault": ""}
        >>> row |= {f"{name}_gain": None for name in ("score", "plain", "dice_on_defects")}
        >>> format_ablation(pd.DataFrame([row])).splitlines()[2].split()
        ['recipe', '0.9000', '0.8500', 'none', '30.0']
    """
    width = max(map(len, table["switch"]))
    lines = [
        f"{'':{width}}  {'':5}  {'cross-fitted':^31}  {'plain 0.5':^31}  {'Dice on defects':^31}  pictures",
        f"{'switch':{width}}  {'':5}" + f"  {'':6} {'gain':>7} {'95 %':^16}" * 3 + "  per second",
    ]
    for _, row in table.iterrows():
        begin = f"{row['switch']:{width}}  {row['turned']:5}  "
        if row["fault"]:
            lines.append(f"{begin}failed: {row['fault']}")
            continue
        parts = "  ".join(_part(row, name) for name in ("score", "plain", "dice_on_defects"))
        lines.append(f"{begin}{parts}  {row['pictures_a_second']:8.1f}".rstrip())
    return "\n".join([*lines, "", *_NOTES])


def _part(row: pd.Series, name: str) -> str:
    """A score, its gain with a star if significant, and the interval: 31 columns."""
    score = "  none" if pd.isna(row[name]) else f"{row[name]:.4f}"
    if pd.isna(row[f"{name}_gain"]):
        return f"{score:31}"
    star = "*" if row[f"{name}_is_significant"] else " "
    return f"{score} {row[f'{name}_gain']:+.4f}{star}{row[f'{name}_low']:+.4f} {row[f'{name}_high']:+.4f} "
