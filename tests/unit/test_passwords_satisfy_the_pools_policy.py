"""A made password is long, of every kind of character, and never the same again."""

from medloop.aws.people import SYMBOLS, new_password


def test_each_kind_of_character_is_there() -> None:
    for _ in range(200):
        password = new_password()
        assert len(password) >= 16
        assert all(any(test(c) for c in password) for test in (str.isupper, str.islower, str.isdigit))
        assert set(password) & set(SYMBOLS)


def test_no_two_are_the_same() -> None:
    assert len({new_password() for _ in range(200)}) == 200
