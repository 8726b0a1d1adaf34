"""The network, and the device it runs on."""

from collections.abc import Mapping

import torch
from monai.networks.blocks.upsample import SubpixelUpsample
from monai.networks.nets.dynunet import DynUNet
from monai.networks.nets.resnet import ResNet as MonaiResNet

from medloop.rules.recipe import GROUPS, ResNet, UNet
from training.data.preprocessing import Canvas, Grid

LEAST_SIDE_IN_HALF = 4
"""PyTorch 2.13 (oneDNN 3.12) reads memory that is not its own when it computes bfloat16 gradients of
convolutions of feature maps with sides of 1 or 2: they differ from one time to the next, up to 1e35."""


def build_network(network: ResNet | UNet, how: Canvas | Grid, outputs: int) -> torch.nn.Module:
    """The recipe's network with weights at random, for images prepared in this way."""
    return _resnet(network, how, outputs) if isinstance(network, ResNet) else _unet(network, how, outputs)


def layout(spatial_dims: int, device: torch.device) -> torch.memory_format:
    """Channels last is what tensor cores want; on a CPU in bfloat16 it takes 1.1 to 1.9 times as long."""
    if device.type == "cpu":
        return torch.contiguous_format
    return torch.channels_last if spatial_dims == 2 else torch.channels_last_3d


def placed(network: torch.nn.Module, spatial_dims: int, device: torch.device) -> torch.nn.Module:
    """On this device, its weights laid out as it likes them best."""
    return network.to(device).to(memory_format=layout(spatial_dims, device))  # type: ignore[call-overload, no-any-return]


def _resnet(network: ResNet, how: Canvas | Grid, outputs: int) -> torch.nn.Module:
    """A MONAI ResNet whose stem suits small images: 3 wide and no pooling."""
    built = MonaiResNet(
        block="basic",
        layers=list(network.layers),
        block_inplanes=list(network.planes),
        spatial_dims=how.spatial_dims,
        n_input_channels=how.channels,
        conv1_t_size=3,
        conv1_t_stride=network.stem_stride,
        no_max_pool=True,
        num_classes=outputs,
    )
    _normalise_by_group(built)
    if network.dropout:
        built.fc = torch.nn.Sequential(torch.nn.Dropout(network.dropout), built.fc)
    return built  # type: ignore[no-any-return]


def _normalise_by_group(module: torch.nn.Module) -> None:
    """In place of batch normalisation, whose running statistics need hundreds of steps, and a project of a
    hundred images has dozens. Besides, a batch in parts or on several GPUs would not be the same batch.

    MONAI 1.6.1 hands its argument `norm` to the stem alone: the blocks normalise by batch whatever it says.
    """
    for name, child in module.named_children():
        if isinstance(child, torch.nn.BatchNorm2d | torch.nn.BatchNorm3d):
            setattr(module, name, torch.nn.GroupNorm(GROUPS, child.num_features))
        else:
            _normalise_by_group(child)


def _unet(network: UNet, how: Canvas | Grid, outputs: int) -> torch.nn.Module:
    levels = len(network.filters)
    strides = [network.stem_stride] + [2] * (levels - 1)
    built: torch.nn.Module = DynUNet(
        spatial_dims=how.spatial_dims,
        in_channels=how.channels,
        out_channels=outputs * network.stem_stride**how.spatial_dims,
        kernel_size=[3] * levels,
        strides=strides,
        upsample_kernel_size=strides[1:],
        filters=list(network.filters),
        norm_name=("INSTANCE", {"affine": True}),
        deep_supervision=network.deep_supervision > 0,
        deep_supr_num=max(1, network.deep_supervision),
    )
    if network.stem_stride == 1:
        return built
    return torch.nn.Sequential(built, _interleaved(how.spatial_dims, outputs))


def _interleaved(spatial_dims: int, outputs: int) -> torch.nn.Module:
    """From several answers at each place to one at each of several places (Shi et al., CVPR 2016)."""
    places = outputs * 2**spatial_dims
    made: torch.nn.Module = SubpixelUpsample(
        spatial_dims, places, outputs, conv_block=None, apply_pad_pool=False
    )
    return made


def weights_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Every tensor once, by the first of its names: MONAI's DynUNet has two for each."""
    named: dict[int, str] = {}
    found = network.state_dict()
    for name, tensor in found.items():
        named.setdefault(tensor.data_ptr(), name)
    return {name: found[name] for name in named.values()}


def take_weights(network: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """The way back from `weights_of`.

    Raises:
        RuntimeError: they are of another network.
    """
    wanted = weights_of(network)
    if wanted.keys() != weights.keys():
        raise RuntimeError("the weights have other names than the network's")
    network.load_state_dict(weights, strict=False)


def best_device(rank_here: int = 0) -> torch.device:
    return torch.device("cuda", rank_here) if torch.cuda.is_available() else torch.device("cpu")


def half_precision(device: torch.device, network: ResNet | UNet, how: Canvas | Grid) -> torch.dtype | None:
    """What this device computes faster in than in float32: bfloat16 where it has it, float16 on other GPUs;
    None on other CPUs, and where the deepest feature map would be too small for them."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(False) else torch.float16
    able = torch.cpu.get_capabilities()
    sides = how.patch if isinstance(how, Grid) else how.shape
    if min(sides) // network.divides_by < LEAST_SIDE_IN_HALF:
        return None
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else None


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu, {torch.get_num_threads()} threads"
