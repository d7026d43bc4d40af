"""Loading the bank of scenes: a folder of YAML in, the bank out, or every fault of every file."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import ValidationError

from content import checks
from content.forms import Form
from content.problems import Problem, SourceFile, read_source
from content.scenes import Bank, Scene, Script

SCENES = Path(__file__).parent / "scenes"
PICTURES = "pictures"  # folder of the drawn pictures, beside the files
MAX_ID = 40  # characters of "<script>/<name>"

SCENE_FORM = Form(
    (*(info.alias or name for name, info in Scene.model_fields.items()), *Script.model_fields),
    {
        "literal_error": "Chỗ này nhận: sms, chat, call, video, email, web, app, paper, social "
        "(by); pupil, relative (for).",
        "missing because": "Lựa chọn này chưa nói vì sao (thiếu because).",
    },
)


def load_bank(folder: Path, problems: list[Problem]) -> Bank:
    """Read and check every `<script>.yaml` of a folder; faults are added to `problems`.

    Args:
        folder: may be missing, which gives an empty bank.
        problems: what was found so far; a bank with errors must not be used.
    """
    scenes: dict[str, Scene] = {}
    scripts: dict[str, Script] = {}
    for path in sorted(folder.glob("*.yaml")):
        file = read_source(path, problems)
        script = _script(file, problems) if file else None
        if file and script:
            problems.extend(_misplaced(file, script, folder))
            scripts[path.stem] = script
            named = (
                each.model_copy(update={"id": f"{path.stem}/{each.id}"}) for each in script.scenes
            )
            scenes |= {scene.id: scene for scene in named}
    return Bank(scenes, scripts)


def _script(file: SourceFile, problems: list[Problem]) -> Script | None:
    findings = [*_findings(file.data)]
    problems.extend(file.problem(path, reason) for path, reason in findings)
    try:
        return Script.model_validate(file.source.data)
    except ValidationError as errors:
        found = errors.errors(include_url=False)
        problems.extend(file.form_problem(error, SCENE_FORM) for error in found)
        return None


def _findings(data: Mapping[str, object]) -> Iterator[checks.Finding]:
    """What the form alone does not show: names used twice, questions without one right option."""
    scenes = [(("scenes", at), scene) for at, scene in checks.dicts(data, "scenes")]
    yield from checks.twice(scenes)
    for path, scene in scenes:
        yield from checks.question(path, scene)


def _misplaced(file: SourceFile, script: Script, folder: Path) -> Iterator[Problem]:
    for at, scene in enumerate(script.scenes):
        if len(f"{file.path.stem}/{scene.id}") > MAX_ID:
            yield file.problem(("scenes", at, "id"), f"Mã tình huống dài quá {MAX_ID} ký tự.")
        if scene.picture and not (folder / PICTURES / f"{scene.picture}.png").is_file():
            reason = f"Không có tranh “{PICTURES}/{scene.picture}.png”."
            yield file.problem(("scenes", at, "picture"), reason)
