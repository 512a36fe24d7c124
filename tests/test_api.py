"""What a rule may import: every name that is promised is there, once, in order."""

from netlint import api


def test_every_name_is_there() -> None:
    assert not [name for name in api.__all__ if not hasattr(api, name)]


def test_names_are_in_order() -> None:
    assert sorted(set(api.__all__)) == sorted(api.__all__)
