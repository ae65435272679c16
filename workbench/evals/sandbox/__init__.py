"""Code of users, run in a process that is shut off from the machine."""

from workbench.evals.sandbox.host import Ran, Sandbox, SandboxError, SandboxLimits, available

__all__ = ["Ran", "Sandbox", "SandboxError", "SandboxLimits", "available"]
