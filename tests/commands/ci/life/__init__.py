"""A repository of specs with its people, its jobs and its AWS, and the chapters of its life."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.town", f"{__name__}.seen")
