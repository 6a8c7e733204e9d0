"""How tasks are put together: descriptors for requirements and outputs, and the salted task.

::

    class CutClips(SaltedTask):
        requires = Requires()
        sample = Requirement(SampleSubset)
        spectrograms = Requirements(CacheSpectrograms, each="datasets")
        output = SaltedOutput("06_clips/{task.problem}-{salt}")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import luigi
import luigi.freezing
from luigi.parameter import ParameterVisibility

from pipeline.config import paths
from pipeline.errors import InputsNotReady
from pipeline.salts import merge_lineages, salt_of
from pipeline.targets import FolderTarget


class SettingsParameter(luigi.DictParameter):
    """One section of the experiment's settings, as the task that reads it receives it."""

    def __init__(self, section: str):
        super().__init__(description=f"settings of [{section}], as JSON")
        self.section = section

    def normalize(self, value: Mapping[str, Any]) -> Any:
        return luigi.freezing.recursively_freeze(dict(sorted(dict(value).items())))


class Requirement:
    """A required task that takes over every parameter it shares with the requiring one."""

    def __init__(self, task_class: type[luigi.Task], **parameters: Any):
        self.task_class = task_class
        self.parameters = parameters

    def __get__(self, task: luigi.Task | None, owner: type) -> Any:
        return self if task is None else self.resolve(task)

    def resolve(self, task: luigi.Task) -> Any:
        """Return the required task for `task`."""
        return _clone(task, self.task_class, self.parameters)


class Requirements(Requirement):
    """One required task for each value of a list parameter: ``each="datasets"`` -> ``dataset``."""

    def __init__(self, task_class: type[luigi.Task], each: str, **parameters: Any):
        super().__init__(task_class, **parameters)
        self.each = each

    def resolve(self, task: luigi.Task) -> dict[str, luigi.Task]:
        """Return the required tasks by value."""
        name = self.each.removesuffix("s")
        return {
            value: _clone(task, self.task_class, {**self.parameters, name: value})
            for value in getattr(task, self.each)
        }


class Requires:
    """``requires = Requires()``: all Requirement attributes of a class, inherited ones included."""

    def __get__(self, task: luigi.Task | None, owner: type) -> Any:
        if task is None:
            return self
        return lambda: {name: getattr(task, name) for name in requirement_names(type(task))}


def requirement_names(owner: type) -> list[str]:
    """Return the names of the Requirement attributes of a class, in a fixed order.

    A subclass that sets an inherited name to None drops that requirement.
    """
    names = {name for base in owner.__mro__ for name in vars(base)}
    return sorted(name for name in names if isinstance(getattr(owner, name, None), Requirement))


class SaltedOutput:
    """``output = SaltedOutput("03_splits/{task.problem}-{salt}")``: a folder named by its salt."""

    def __init__(self, template: str):
        self.template = template

    def __get__(self, task: Any, owner: type) -> Any:
        return self if task is None else lambda: self.target(task)

    def target(self, task: SaltedTask) -> FolderTarget:
        """Return the target; raises InputsNotReady while an input is not on disk."""
        name = self.template.format(task=task, salt=task.salt)
        return FolderTarget(Path(paths().data) / name, task.kind)

    def siblings(self, task: SaltedTask) -> list[Path]:
        """Return the folders that exist for `task` with any salt, newest first."""
        pattern = self.template.format(task=task, salt="*")
        found = [path for path in Path(paths().data).glob(pattern) if path.is_dir()]
        return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


class ShortName:
    """Tasks whose name in the log leaves out settings and empty values, which fill the screen."""

    def __repr__(self: Any) -> str:
        values = {
            name: parameter.serialize(getattr(self, name))
            for name, parameter in self.get_params()
            if parameter.significant and not isinstance(parameter, SettingsParameter)
        }
        # A hash is told by its first digits; what was not asked for says nothing.
        shown = [
            f"{name}={value[:12] if name.endswith('_hash') else value}"
            for name, value in values.items()
            if value
        ]
        return f"{self.task_family}({', '.join(shown)})"

    def _get_param_visibilities(self: Any) -> dict[str, int]:
        """Return what luigid's page shows; not a parameter's own: that decides on the task's id."""
        shown = {
            name
            for name, parameter in self.get_params()
            if parameter.significant and not isinstance(parameter, SettingsParameter)
        }
        hidden = ParameterVisibility.HIDDEN.serialize()
        public = ParameterVisibility.PUBLIC.serialize()
        return {
            name: public if name in shown and value else hidden
            for name, value in self.to_str_params().items()
        }


class SaltedTask(ShortName, luigi.Task):
    """A task whose output folder is named by what it was made from.

    Subclasses set ``__version__`` (raised with every change of what the task computes), ``kind``,
    ``salted_by`` (the names of its own parameters that enter its salt; those that only an input
    reads enter through that input) and ``output``, and write ``build(folder)``.
    """

    __version__ = "1"
    kind = "auscult/folder"
    salted_by: tuple[str, ...] = ()
    requires: Any = Requires()
    output: Any

    def build(self, folder: Path) -> dict[str, Any] | None:
        """Fill a temporary folder; what is returned goes into the manifest's ``info``."""
        raise TypeError(f"{type(self).__name__} does not say how its output is built")

    def run(self) -> None:
        """Make the output, unless another process just did."""
        self.output().write(self.build, salt=self.salt, lineage=self.lineage())
        self.__dict__["_is_complete"] = True

    def complete(self) -> bool:
        """Return whether the output is there; False while an input is not."""
        if not self.__dict__.get("_is_complete"):
            try:
                self.__dict__["_is_complete"] = self.output().exists()
            except InputsNotReady:
                return False
        return self.__dict__["_is_complete"]

    @property
    def salt(self) -> str:
        """The salt; raises InputsNotReady while an input is not on disk."""
        return salt_of(self.record())

    def record(self) -> dict[str, Any]:
        """Return the lineage record, computed once: one run sees one state of its inputs."""
        if "_record" not in self.__dict__:
            for name, task in self.named_inputs():
                if not task.complete():
                    raise _not_ready(self, name, task)
            inputs = self.input_identities() | self.further_identities()
            self.__dict__["_record"] = {**self.own_record(), "inputs": inputs}
        return self.__dict__["_record"]

    def own_record(self) -> dict[str, Any]:
        """Return the part of the record that is known without the inputs."""
        return {
            "task": self.task_family,
            "version": self.__version__,
            "parameters": self._own(settings=False),
            "settings": self._own(settings=True),
        }

    def input_identities(self) -> dict[str, str]:
        """Return what of each input enters the salt: by default the input's own salt."""
        return {name: task.salt for name, task in self.named_inputs()}

    def further_identities(self) -> dict[str, str]:
        """Return digests of what else the output depends on (versions, sources)."""
        return {}

    def lineage(self) -> dict[str, Any]:
        """Return the records of this task and all its inputs, by salt.

        Computed once: without that, a graph of diamonds costs two to the power of its depth.
        """
        if "_lineage" not in self.__dict__:
            inputs = [task.lineage() for _, task in self.named_inputs() if hasattr(task, "lineage")]
            self.__dict__["_lineage"] = merge_lineages(self.salt, self.record(), inputs)
        return self.__dict__["_lineage"]

    def named_inputs(self) -> Iterator[tuple[str, Any]]:
        """Yield (name, task) for every required task; list forms as ``name.value``."""
        for name, required in self.requires().items():
            if isinstance(required, Mapping):
                yield from ((f"{name}.{value}", task) for value, task in required.items())
            else:
                yield name, required

    def manifest(self) -> dict[str, Any]:
        """Return the manifest of the finished output, read once."""
        if "_manifest" not in self.__dict__:
            self.__dict__["_manifest"] = self.output().manifest()
        return self.__dict__["_manifest"]

    def reporter(self) -> Callable[[int, int, str], None]:
        """Return a progress function ``(done, total, message)`` for Luigi and the terminal."""
        from pipeline.progress import Reporter

        return Reporter(self)

    def _own(self, settings: bool) -> dict[str, Any]:
        own = {}
        for name, parameter in self.get_params():
            is_settings = isinstance(parameter, SettingsParameter)
            if name in self.salted_by and is_settings == settings:
                key = parameter.section if isinstance(parameter, SettingsParameter) else name
                own[key] = plain(getattr(self, name))
        return own


def _clone(task: luigi.Task, cls: Any, parameters: dict[str, Any]) -> luigi.Task:
    """Return ``task.clone(cls)``; a class may blank what does not apply to it (``relevant``)."""
    known = _parameter_names(cls)
    shared = {name: value for name, value in task.param_kwargs.items() if name in known}
    values = {**shared, **parameters}
    relevant = getattr(cls, "relevant", None)
    return cls(**(relevant(values) if relevant else values))


@cache
def _parameter_names(cls: Any) -> frozenset[str]:
    """Return the names of a class's parameters; Luigi looks through the whole class each time."""
    return frozenset(name for name, _ in cls.get_params())


def plain(value: Any) -> Any:
    """Return a frozen parameter value as plain dicts and lists."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def settings_parameters(cls: type[luigi.Task]) -> list[tuple[str, SettingsParameter]]:
    """Return the (name, parameter) of every settings section that a task class takes."""
    return [(name, p) for name, p in cls.get_params() if isinstance(p, SettingsParameter)]


def _not_ready(task: luigi.Task, name: str, required: luigi.Task) -> InputsNotReady:
    return InputsNotReady(
        expected=f"the input '{name}' ({required.task_family}) on disk",
        found="it has not been made yet",
        where=task.task_family,
        action="Run the task; Luigi makes its inputs first.",
    )
