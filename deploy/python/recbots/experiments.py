"""Experiments by name: the configurations that are shipped, files, and run directories."""
import os
import pathlib

_SUFFIX = ".textproto"


def folder():
    """The folder of the shipped configurations: in the package, or in the tree that the package stands in."""
    packed = pathlib.Path(__file__).parent / "config"
    return packed if packed.is_dir() else pathlib.Path(__file__).resolve().parent.parent.parent / "config"


def names():
    """The names of all shipped configurations, sorted."""
    return sorted(path.name.removesuffix(_SUFFIX) for path in folder().glob("*" + _SUFFIX))


def find(experiment):
    """The path of a configuration: a shipped one by its name ("interest_evolution"), a file, or a run directory.

    A path that exists comes before a name. FileNotFoundError lists the names.
    """
    text = os.fspath(experiment)
    path = pathlib.Path(text)
    if path.is_dir() and (path / "config.textproto").is_file():
        return str(path / "config.textproto")
    if path.is_file():
        return str(path)
    name = text.removesuffix(_SUFFIX)
    if name in names():
        return str(folder() / (name + _SUFFIX))
    raise FileNotFoundError(f"there is no configuration {text!r}: want a file, a run directory, or one of "
                            f"{', '.join(names())}")


def override_list(overrides):
    """["path.to.field=value"] of a mapping, or of such a list."""
    if not overrides:
        return []
    if not hasattr(overrides, "items"):
        return [str(text) for text in overrides]
    return [f"{path}={_text(value)}" for path, value in overrides.items()]


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(_text(item) for item in value)
    return str(value)
