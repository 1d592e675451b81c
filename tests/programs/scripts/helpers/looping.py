"""A module whose body loops."""


def squares(n):
    return [i * i for i in range(n)]


TABLE = {}
for number in range(3):
    TABLE[number] = squares(number)
