"""Why a template has the variables it has, and what is wrong with it: one small rule at a time."""

from workbench.templates.doctor.diagnosis import Diagnosis, summary
from workbench.templates.doctor.fstring_rules import examine_fstring
from workbench.templates.doctor.jinja_rules import examine_jinja
from workbench.templates.doctor.names import examine_names

__all__ = ["Diagnosis", "examine_fstring", "examine_jinja", "examine_names", "summary"]
