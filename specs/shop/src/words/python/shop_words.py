"""How the shop speaks to its customers: a layer, so that all functions say the same."""


def greeting(name):
    return f"Hello, {name}!"
