"""Files of layers, and references to them: what is read, and what is wrong at which place."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.core.model import LayerReference, Target
from tests.spec.reading import HEAD, read, refusal

LAYER = "layer: shared\naccount: test\nregion: us-west-2\n"  # three lines, so what a test adds begins at line 4
CONTENT = "code: {S3Bucket: bucket, S3Key: k}\n"
REFUSED: dict[str, tuple[str, str]] = {
    "no content": ("configuration: {Description: a}\n", "1:1: a layer needs code: a path, or S3Bucket and S3Key"),
    "an image": (
        "code: {ImageUri: x, S3Bucket: bucket, S3Key: k}\n",
        "4:8: code.ImageUri is not a setting of a layer; known are S3Bucket, S3Key, S3ObjectStorageMode, S3ObjectVersion, path, sha256",
    ),
    "two sources": (
        "code: {path: ., S3Bucket: bucket, S3Key: k}\n",
        "4:1: code must have exactly one source, S3Bucket + S3Key or path; S3Bucket + S3Key at specs/a.yaml:4:17 and path at specs/a.yaml:4:8 are two",
    ),
    "a section of functions": (CONTENT + "tags: {a: b}\n", "5:1: tags is not a key of a spec; known are account, by_region, code, configuration, keep, layer, region, regions, state"),
    "a member of functions": (CONTENT + "configuration: {Runtime: python3.13}\n", "5:17: configuration.Runtime is not a setting of a layer; known are CompatibleArchitectures, CompatibleRuntimes, Description, LicenseInfo"),
    "too many architectures": (
        CONTENT + "configuration: {CompatibleArchitectures: [arm64, x86_64, arm64]}\n",
        "5:42: configuration.CompatibleArchitectures has 3 items; the most is 2",
    ),
    "none kept": (CONTENT + "keep: 0\n", "5:7: keep is 0; the least is 1"),
    "region and regions": (CONTENT + "regions: [us-west-2]\n", "5:1: write region or regions, not both"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_mistake_in_a_layers_file_is_told_at_its_place(case: str, tmp_path: Path) -> None:
    body, message = REFUSED[case]
    assert [line.removeprefix("specs/a.yaml:") for line in refusal(tmp_path, a=LAYER + body)] == [message]


def refers(text: str) -> str:
    return HEAD + f'configuration:\n  Layers: ["{text}"]\n'


MISREAD: dict[str, tuple[str, str]] = {
    "no name": ("{{ layer(shared) }}", "what stands between {{ and }} here must be one of"),
    "a name that can be none": ("{{ layer('a/b') }}", "what stands between {{ and }} here must be one of"),
    "a number below one": ("{{ layer('shared', 0) }}", "what stands between {{ and }} here must be one of"),
    "a word for a number": ("{{ layer('shared', true) }}", "what stands between {{ and }} here must be one of"),
    "something beside it": (
        "{{ layer('shared') }}:3",
        "layer is read as an entry of configuration.Layers that is nothing else",
    ),
    "another layer": ("{{ layer('other') }}", "layer other has no spec for test/us-west-2; write one that begins"),
}


@pytest.mark.parametrize("case", MISREAD)
def test_a_reference_that_is_none_is_told_at_its_line(case: str, tmp_path: Path) -> None:
    text, message = MISREAD[case]
    (found,) = refusal(tmp_path, a=refers(text), b=LAYER + CONTENT)
    assert found.startswith("specs/a.yaml:5:12: ")
    assert message in found


def test_a_layer_is_no_text_of_a_variable(tmp_path: Path) -> None:
    variables = "configuration: {Environment: {Variables: {LAYER: \"{{ layer('shared') }}\"}}}\n"
    (found,) = refusal(tmp_path, a=HEAD + variables, b=LAYER + CONTENT)
    assert "the value of LAYER refers to a layer, which is no text" in found


def test_a_layer_that_is_to_be_gone_is_not_referred_to(tmp_path: Path) -> None:
    (found,) = refusal(tmp_path, a=refers("{{ layer('shared') }}"), b=LAYER + "state: absent\n")
    assert "layer shared has no spec" in found


def test_a_layer_of_another_region_is_another(tmp_path: Path) -> None:
    elsewhere = LAYER.replace("us-west-2", "eu-west-1") + CONTENT
    (found,) = refusal(tmp_path, a=refers("{{ layer('shared') }}"), b=elsewhere)
    assert "layer shared has no spec for test/us-west-2" in found


def test_a_reference_is_of_the_targets_own_place_in_each_region(tmp_path: Path) -> None:
    both = "regions: [eu-west-1, us-west-2]"
    function = refers("{{ layer('shared') }}").replace("region: us-west-2", both)
    specs = read(tmp_path, a=function, b=LAYER.replace("region: us-west-2", both) + CONTENT).specs
    functions = [spec for spec in specs if spec.target.root == "function"]
    assert [spec.desired[0].properties["configuration"]["Layers"] for spec in functions] == [
        [LayerReference(Target("test", region, "shared", "layer"))] for region in ("eu-west-1", "us-west-2")
    ]


def test_a_layer_may_be_described_beside_the_paths_that_are_given(tmp_path: Path) -> None:
    """One file named alone refers to what the tree describes."""
    import contextlib

    from reconciler.commands import workspaces

    read(tmp_path, a=refers("{{ layer('shared', 3) }}"), b=LAYER + CONTENT)
    with contextlib.chdir(tmp_path):
        (spec,) = workspaces.read([Path("specs/a.yaml")]).specs.specs
    assert spec.desired[0].properties["configuration"]["Layers"] == [
        LayerReference(Target("test", "us-west-2", "shared", "layer"), 3)
    ]


def test_a_layer_and_a_function_of_one_name_are_two(tmp_path: Path) -> None:
    specs = read(tmp_path, a=HEAD, b=LAYER.replace("shared", "checkout") + CONTENT + "keep: 2\n").specs
    assert [str(spec.target) for spec in specs] == [
        "test/us-west-2/checkout",
        "test/us-west-2/layer/checkout",
        "test/us-west-2/layer_version/checkout",
    ]


def test_a_layer_described_twice_names_both_places(tmp_path: Path) -> None:
    assert refusal(tmp_path, a=LAYER + CONTENT, b=LAYER + CONTENT) == [
        "specs/b.yaml:1:8: test/us-west-2/layer/shared is described here and at specs/a.yaml:1:8; keep one of them"
    ]


def test_a_file_that_only_speaks_of_layers_is_no_spec(tmp_path: Path) -> None:
    specs = read(tmp_path, a=HEAD, b="services: {web: {image: x}}\nlayer: top\n")
    assert len(specs.specs) == 1
    assert len(specs.warnings) == 1
