"""A bound method that was loaded on several paths: the function of its inlined call is found where the paths meet inside it."""
from helpers.stores import Store


class Short:
    def __init__(self, name):
        self.name = name


class Long:
    def __init__(self, name):
        self.length = len(name)
        self.name = name


class Option:
    def __init__(self, action):
        self.action = action

    @property
    def name(self):
        return self.action.name


class Parser:
    def __init__(self, hook=None):
        self.hook = hook

    def process(self, option):
        if self.hook:
            if option.name:
                self.hook(option)


def main():
    store = Store()
    parser = Parser(store.take)
    for i in range(400):
        parser.process(Option((Short, Long)[i // 3 % 2](f"option {i % 7}")))
    print(sorted(store.seen.items()), store.frames)


main()
