"""x"""


def tell_story(keep: object) -> int:
    return 0
