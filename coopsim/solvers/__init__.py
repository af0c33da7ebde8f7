"""Solvers: from a form and a concept to a solution with a certificate.

One row in a table registers a concept, a method or a certificate; its module is imported when
it is first used. A method says which problem it solves on which form; `select.py` picks by
that.
"""

from coopsim.registry import register
from coopsim.solvers.certificate_table import CERTIFICATES
from coopsim.solvers.concept_table import BASIC, MORE
from coopsim.solvers.method_table import METHODS

for _name, _target, _summary in BASIC:
    register("concept", _name, f"{__name__}.{_target}", _summary, basic=True)
for _name, _target, _summary in MORE:
    register("concept", _name, f"{__name__}.{_target}", _summary)

for _form, _rows in METHODS.items():
    for _name, _problem, _target, _suits, _space, _summary in _rows:
        _tags = {"problem": _problem, "form": _form, "space": _space}
        if _suits:
            _tags["suits"] = f"{__name__}.{_target.partition(':')[0]}:{_suits}"
        register("solver", _name, f"{__name__}.{_target}", _summary, **_tags)

for _name, _target, _summary in CERTIFICATES:
    register("certificate", _name, f"{__name__}.certificates.{_target}", _summary)
