"""What a template can be."""

from __future__ import annotations

import pytest

from invigil.domain.observation import Template, TemplateKind, vector


def test_a_template_is_as_wide_as_each_of_its_vectors() -> None:
    assert Template(TemplateKind.SESSION, "m@1", (vector([1, 2, 3]), vector([4, 5, 6]))).width == 3
    assert Template(TemplateKind.SESSION, "m@1", ()).width == 0


def test_a_template_of_two_widths_cannot_be() -> None:
    with pytest.raises(ValueError, match="one length"):
        Template(TemplateKind.SESSION, "m@1", (vector([1, 2, 3]), vector([4, 5])))
