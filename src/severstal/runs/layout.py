"""The paths of all files of a run; no other module knows them."""

from dataclasses import dataclass
from pathlib import Path

from severstal.recipe import Recipe

RUNS = Path("runs")

ENSEMBLE = "ensemble.json"
EARLIER_ENSEMBLE = "team.json"  # as the first edition called it


@dataclass(frozen=True)
class RunFiles:
    """The files of a run, or of an ensemble of runs, by name.

    Args:
        folder: folder of the run, such as `runs/NAME`; it need not exist.

    Example:
        >>> files = RunFiles(Path("runs/smoke-sample"))
        >>> files.rules.as_posix(), files.fold(2).as_posix()
        ('runs/smoke-sample/rules.json', 'runs/smoke-sample/fold2')
    """

    folder: Path

    @property
    def recipe(self) -> Path:
        """The recipe with every setting."""
        return self.folder / "recipe.toml"

    @property
    def input(self) -> Path:
        """Input folder, shape and classes of the pictures."""
        return self.folder / "input.json"

    @property
    def ensemble(self) -> Path:
        """Members and averaging mode; only in the folder of an ensemble."""
        return self.folder / ENSEMBLE

    @property
    def earlier_ensemble(self) -> Path:
        """The same, as the first edition wrote it."""
        return self.folder / EARLIER_ENSEMBLE

    @property
    def environment(self) -> Path:
        """Versions, machine and commit of the training."""
        return self.folder / "environment.json"

    @property
    def duplicates(self) -> Path:
        """Pairs of near-duplicates among the labelled pictures."""
        return self.folder / "duplicates.csv"

    @property
    def statistics(self) -> Path:
        """Ranges of size, brightness, contrast and black share of the labelled pictures."""
        return self.folder / "statistics.json"

    @property
    def copies(self) -> Path:
        """Pairs of near-duplicates of a labelled and a test picture."""
        return self.folder / "copies.csv"

    @property
    def likeness(self) -> Path:
        """Likeness of each picture to the test set."""
        return self.folder / "likeness.csv"

    @property
    def folds(self) -> Path:
        """The fold of each labelled image."""
        return self.folder / "folds.csv"

    @property
    def oof(self) -> Path:
        """Folder of the out-of-fold probability maps and of the files made from them."""
        return self.folder / "oof"

    @property
    def test(self) -> Path:
        """Folder of the test images' probability maps."""
        return self.folder / "test"

    @property
    def teacher(self) -> Path:
        """Folder of the maps that the run is distilled from, until it is trained."""
        return self.folder / "teacher"

    @property
    def teacher_record(self) -> Path:
        """What the run was distilled from: name and checksums."""
        return self.folder / "teacher.json"

    @property
    def summary(self) -> Path:
        """Areas and intersections of the out-of-fold maps at every threshold."""
        return self.oof / "summary.npz"

    @property
    def search(self) -> Path:
        """Result of the search for rules: landscapes, and the rules of each fold."""
        return self.oof / "search.npz"

    @property
    def oof_masks(self) -> Path:
        """Masks of the labelled images, each by rules searched without its fold."""
        return self.oof / "masks.csv"

    @property
    def oof_pairs(self) -> Path:
        """The score of each (image, class) pair out of fold."""
        return self.oof / "pairs.csv"

    @property
    def combiner(self) -> Path:
        """Averaging of the members of an ensemble."""
        return self.folder / "combiner.json"

    @property
    def members(self) -> Path:
        """Scores of the members of an ensemble."""
        return self.folder / "members.json"

    @property
    def rules(self) -> Path:
        """The rules from probabilities to masks."""
        return self.folder / "rules.json"

    @property
    def submission(self) -> Path:
        """The masks of the test images."""
        return self.folder / "submission.csv"

    @property
    def scorecard(self) -> Path:
        """The scores as JSON."""
        return self.folder / "scorecard.json"

    @property
    def scorecard_page(self) -> Path:
        """The scores as a page of HTML."""
        return self.folder / "scorecard.html"

    @property
    def scorecard_text(self) -> Path:
        """The scores as text for a terminal."""
        return self.folder / "scorecard.txt"

    @property
    def notebooks(self) -> Path:
        """Folder of the executed notebooks."""
        return self.folder / "notebooks"

    @property
    def evaluation(self) -> Path:
        """Folder of the scores that experiments compare."""
        return self.folder / "ablation"

    @property
    def cost(self) -> Path:
        """Parameters, arithmetic, memory and time of the networks."""
        return self.folder / "cost.json"

    @property
    def is_ensemble(self) -> bool:
        """Return whether the folder is that of an ensemble."""
        return self.ensemble.is_file() or self.earlier_ensemble.is_file()

    def fold(self, fold: int) -> Path:
        """Folder of a fold's training, of its last round where there are several."""
        return self.folder / f"fold{fold}"

    def round(self, fold: int, number: int) -> Path:
        """Folder of an earlier round of pseudo-labels."""
        return self.fold(fold) / f"round{number}"

    def rounds(self, fold: int) -> list[Path]:
        """Folders of all rounds that are there, the last one's (the fold's own) at the end."""
        return [*sorted(self.fold(fold).glob("round*")), self.fold(fold)]

    def weights(self, recipe: Recipe, fold: int) -> Path:
        """The weights of a fold that are predicted with, as `inference.weights` chooses.

        Example:
            >>> RunFiles(Path("runs/a")).weights(Recipe(), 2).as_posix()
            'runs/a/fold2/model.safetensors'
        """
        name = "model" if recipe.inference.weights == "best" else recipe.inference.weights
        return self.fold(fold) / f"{name}.safetensors"

    def record(self, stage: str) -> Path:
        """The record of a stage's last successful execution."""
        return self.folder / "stages" / f"{stage}.json"


def history_path(training: Path) -> Path:
    """The history of a training, one line per epoch."""
    return training / "history.jsonl"


def pseudo_labels_path(training: Path) -> Path:
    """The pseudo-labels that a round's network gave, one row per mask."""
    return training / "pseudo.csv"


def training_outputs(training: Path, recipe: Recipe) -> list[Path]:
    """The files that a finished training leaves for good.

    Args:
        training: folder of a fold, or of one of its rounds.
        recipe: decides which averages of weights there are.

    Example:
        >>> [path.name for path in training_outputs(Path("runs/a/fold0"), Recipe())]
        ['model.safetensors', 'last.safetensors', 'history.jsonl']
    """
    paths = [training / "model.safetensors", training / "last.safetensors", history_path(training)]
    if recipe.training.swa:
        paths.append(training / "swa.safetensors")
    if recipe.training.soup:
        paths.append(training / "soup.safetensors")
    return paths
