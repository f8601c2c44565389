"""What pyproject.toml cannot say: a wheel has the parameter files, as ``mnemonics_lib/params``.

In the project they stay at the top, where a reader looks for them. An installed library has no such folder.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithParameters(build_py):
    """Copies ``params/`` into the library that is built; an editable install finds them in the project."""

    def run(self) -> None:
        """Build the library, then copy the files."""
        super().run()
        if not self.editable_mode:
            shutil.copytree("params", Path(self.build_lib, "mnemonics_lib", "params"), dirs_exist_ok=True)


setup(cmdclass={"build_py": WithParameters})
