"""Properties of every network of the registry; a new one needs at most a line in smallest.py."""

import copy
import functools
import io

import pytest
import torch
from safetensors.torch import load, save

from severstal.errors import SeverstalError
from severstal.models.network import DeepOutput, Output, has_own_loss
from severstal.models.registry import architectures

# Weights of an encoder that no mask depends on.
UNUSED = {
    "dinov3_dpt": {"body.encoder.model.norm.weight", "body.encoder.model.norm.bias"},
    "dpt": {"body.encoder.model.norm.weight", "body.encoder.model.norm.bias"},
}
# Weights whose gradient may be 0: units of the smallest MAnet that are off for any picture, biases that
# the normalisation after them cancels, and the weight that the classical methods have for the optimizer.
ZERO_GRADIENT = {
    "classical": {"body.idle"},
    "manet": {
        f"body.decoder.blocks.{block}.SE_{side}.{name}"
        for block in range(5)
        for side in ("ll", "hl")
        for name in ("1.weight", "1.bias", "3.weight")
    },
    "pan": {"body.decoder.fpa.conv2.conv.bias", "body.decoder.fpa.down3.1.conv.bias"},
}
# Masks interpolated from scores of stride 32 cannot follow a square of 32 pixels.
ENLARGED = {"fcn32s": 2}
# They are fitted on counts; before training any seed gives the same map, of one value.
COUNTING = {"classical"}
# They compute partly outside of torch, which cannot be traced.
NOT_A_GRAPH = {"classical"}
# By rounding they choose other boxes, which changes a few pixels much.
JUMPING = {"maskrcnn"}
EVERY = pytest.mark.parametrize("architecture", architectures())
EVERY_GRAPH = pytest.mark.parametrize("architecture", sorted(set(architectures()) - NOT_A_GRAPH))


@pytest.fixture(scope="module")
def built(small):
    """One network per architecture, which no test changes."""
    return functools.cache(lambda architecture: small(architecture, classes=3, class_head=True).eval())


def loss_of(network, pictures, truth):
    """A loss that depends on all outputs of a network in training mode: its own where it has one."""
    output = network(pictures)
    loss = output.loss(truth) if has_own_loss(network) else output.masks.square().mean()
    return loss if output.classes is None else loss + output.classes.square().mean()


def a_square(*shape):
    """Masks with a defect in each class of the first picture, and none in the others."""
    truth = torch.zeros(shape)
    truth[0, :, 16:48, 32:64] = 1
    return truth


@EVERY
class TestEveryNetwork:
    @pytest.mark.parametrize(
        "size",
        [
            *((64, 400), (70, 101), (1, 33)),
            *(pytest.param(size, marks=pytest.mark.slow) for size in ((32, 200), (128, 800), (256, 1600))),
        ],
    )
    def test_pictures_of_any_size(self, built, architecture, size):
        network = built(architecture)
        with torch.inference_mode():
            output = network(torch.randn(2, 1, *size))
        assert type(output) is Output
        assert output.masks.shape == (2, 3, *size)
        assert output.classes.shape == (2, 3)
        assert output.masks.isfinite().all()

    def test_one_class_and_colours(self, small, architecture):
        network = small(architecture, classes=1, in_channels=3)
        pictures = torch.randn(2, 3, 64, 96)
        loss_of(network, pictures, a_square(2, 1, 64, 96)).backward()
        output = network.eval()(pictures)
        assert output.masks.shape == (2, 1, 64, 96)
        assert output.classes is None
        assert output.masks.std() > 0 or architecture in COUNTING

    def test_outputs_are_logits_with_a_low_initial_probability(self, built, architecture):
        network = built(architecture)
        with torch.inference_mode():
            masks, classes = network(100 * torch.randn(4, 1, 64, 96))
            begun = network(torch.randn(4, 1, 64, 96)).masks.sigmoid()
        for logits in (masks, classes):
            assert logits.min() < 0 or logits.max() > 1
        assert begun.median() < 0.2

    def test_a_gradient_reaches_every_weight_that_is_not_frozen(self, small, architecture):
        network = small(architecture, class_head=True)
        assert network.training
        truth = a_square(2, 4, 64, 96)
        frozen = {name for name, weight in network.named_parameters() if not weight.requires_grad}
        assert frozen == UNUSED.get(architecture, set())
        without = {name for name, _ in network.named_parameters()} - frozen
        for _ in range(3):
            # Behind weights that are initialized with 0, and units that are off, there is no gradient.
            with torch.no_grad():
                for weight in network.parameters():
                    weight += 0.1 * torch.randn_like(weight)
            network.zero_grad()
            loss_of(network, torch.randn(2, 1, 64, 96), truth).backward()
            without -= {name for name in without if network.get_parameter(name).grad.any()}
            if without <= ZERO_GRADIENT.get(architecture, set()):
                break
        assert without <= ZERO_GRADIENT.get(architecture, set())

    def test_pictures_without_a_defect_give_every_weight_a_gradient_too(self, small, architecture):
        # Distributed training waits for all gradients.
        network = small(architecture, class_head=True)
        loss_of(network, torch.randn(2, 1, 64, 96), torch.zeros(2, 4, 64, 96)).backward()
        for name, weight in network.named_parameters():
            assert not weight.requires_grad or weight.grad.isfinite().all(), name

    def test_deep_supervision(self, small, architecture):
        if has_own_loss(small(architecture)):
            with pytest.raises(SeverstalError, match="a loss of its own"):
                small(architecture, deep_supervision=True)
            return
        network = small(architecture, deep_supervision=True)
        pictures = torch.randn(2, 1, 70, 101)
        output = network(pictures)
        assert type(output) is DeepOutput
        assert output.auxiliary
        assert all(coarse.shape[:2] == (2, 4) for coarse in output.auxiliary)
        (output.masks.mean() + sum(coarse.mean() for coarse in output.auxiliary)).backward()
        assert all(weight.grad is not None for weight in network.parameters() if weight.requires_grad)
        assert type(network.eval()(pictures)) is Output

    def test_weights_are_the_same_after_a_file(self, small, built, architecture):
        first, second = built(architecture), small(architecture, seed=1, classes=3, class_head=True).eval()
        pictures = torch.randn(2, 1, 64, 96)
        with torch.inference_mode():
            before = first(pictures)
            assert not torch.equal(second(pictures).masks, before.masks) or architecture in COUNTING
            second.load_state_dict(load(save(first.state_dict())))
            after = second(pictures)
        assert torch.equal(after.masks, before.masks)
        assert torch.equal(after.classes, before.classes)

    def test_the_seed_fixes_the_weights(self, small, built, architecture):
        again = small(architecture, classes=3, class_head=True).state_dict()
        assert all(
            torch.equal(tensor, again[name]) for name, tensor in built(architecture).state_dict().items()
        )

    def test_a_picture_does_not_depend_on_its_batch(self, built, architecture):
        network = built(architecture)
        pictures = torch.randn(3, 1, 64, 96)
        with torch.inference_mode():
            together = network(pictures).masks
            alone = torch.cat([network(picture[None]).masks for picture in pictures])
        torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)

    def test_bf16_autocast_and_channels_last(self, built, architecture):
        network = copy.deepcopy(built(architecture)).to(memory_format=torch.channels_last)
        pictures = torch.randn(2, 1, 70, 101).to(memory_format=torch.channels_last)
        with torch.inference_mode():
            exact = network(pictures).masks
            with torch.autocast("cpu", torch.bfloat16):
                rough = network(pictures).masks
        assert rough.shape == exact.shape
        apart = (rough.float() - exact).abs()
        assert apart.quantile(0.95 if architecture in JUMPING else 1.0) < 0.1 * exact.abs().max() + 0.1

    @pytest.mark.slow
    def test_overfits_four_pictures(self, small, architecture):
        torch.manual_seed(3)
        pictures = 0.3 * torch.randn(4, 1, 64, 96)
        truth = torch.zeros(4, 2, 64, 96)
        for number, (row, column) in enumerate([(0, 0), (16, 48), (32, 16), (16, 32)]):
            truth[number, number % 2, row : row + 32, column : column + 32] = 1
        pictures += 2 * truth[:, :1] - 2 * truth[:, 1:]
        scale = ENLARGED.get(architecture, 1)
        pictures, truth = (
            part.repeat_interleave(scale, 2).repeat_interleave(scale, 3) for part in (pictures, truth)
        )
        network = small(architecture, classes=2)
        learner = torch.optim.AdamW(network.parameters(), lr=3e-3)
        dice = torch.zeros(())
        for step in range(1, 401):
            output = network(pictures)
            if has_own_loss(network):
                loss = output.loss(truth)
            else:
                entropy = torch.nn.functional.binary_cross_entropy_with_logits(output.masks, truth)
                soft = output.masks.sigmoid()
                loss = entropy + 1 - 2 * (soft * truth).sum() / (soft.sum() + truth.sum())
            learner.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            learner.step()
            if step % 20 == 0:
                with torch.no_grad():
                    found = network.eval()(pictures).masks > 0
                network.train()
                dice = 2 * (found * truth).sum() / (found.sum() + truth.sum())
                if dice > 0.9:
                    break
        assert dice > 0.9


@EVERY_GRAPH
class TestEveryGraph:
    @pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::torch.jit.TracerWarning")
    def test_traced_is_eager(self, built, architecture):
        network = built(architecture)
        pictures = torch.randn(1, 1, 70, 101)
        with torch.no_grad():
            file = io.BytesIO()
            torch.jit.save(torch.jit.trace(network, pictures, check_trace=False), file)
            file.seek(0)
            other = torch.randn(1, 1, 70, 101)
            for one, again in zip(torch.jit.load(file)(other), network(other), strict=True):
                torch.testing.assert_close(one, again, atol=1e-4, rtol=1e-4)

    @pytest.mark.slow
    def test_exported_is_eager(self, built, architecture):
        network = built(architecture)
        pictures, other = torch.randn(1, 1, 64, 96), torch.randn(1, 1, 64, 96)
        with torch.no_grad():
            exported = torch.export.export(network, (pictures,)).module()
            for one, again in zip(exported(other), network(other), strict=True):
                torch.testing.assert_close(one, again, atol=1e-4, rtol=1e-4)

    @pytest.mark.slow
    def test_compiled_is_eager(self, small, architecture):
        network = small(architecture)
        pictures = torch.randn(2, 1, 64, 96)
        compiled = torch.compile(copy.deepcopy(network).eval(), backend="aot_eager")
        with torch.no_grad():
            torch.testing.assert_close(
                compiled(pictures).masks, network.eval()(pictures).masks, atol=1e-4, rtol=1e-4
            )
