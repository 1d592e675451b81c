"""The seven workloads in one script, one after the other."""


def fib(n):
    if n < 2:
        return n
    return fib(n - 1) + fib(n - 2)


def list_ops(size):
    numbers = []
    for i in range(size):
        numbers.append(i * 2)
    total = 0
    for number in numbers:
        total += number
    numbers.reverse()
    return total, numbers[0], numbers[-1], len(numbers)


def is_prime(n):
    if n < 2:
        return False
    divisor = 2
    while divisor * divisor <= n:
        if n % divisor == 0:
            return False
        divisor += 1
    return True


def primes(limit):
    count = 0
    total = 0
    for n in range(limit):
        if is_prime(n):
            count += 1
            total += n
    return count, total


def dict_ops(size):
    squares = {}
    for i in range(size):
        squares[i] = i * i
    total = 0
    for i in range(size):
        total += squares[i]
    for i in range(0, size, 2):
        del squares[i]
    return total, len(squares)


def nested(size):
    total = 0
    for i in range(size):
        for j in range(size):
            total += i * j
    return total


def strings(size):
    parts = []
    for i in range(size):
        parts.append(f"item {i:05d} {i * 1.5:.2f}")
    text = ",".join(parts)
    sevens = text.count("7")
    upper = text.upper()
    pieces = upper.split(",")
    return len(text), sevens, len(pieces), pieces[-1]


def comprehension(size):
    squares = [i * i for i in range(size)]
    even = [square for square in squares if square % 2 == 0]
    return len(squares), len(even), sum(even)


def main():
    return [
        ("fib", fib(30)),
        ("list_ops", list_ops(1_000_000)),
        ("primes", primes(30_000)),
        ("dict_ops", dict_ops(250_000)),
        ("nested", nested(1118)),
        ("strings", strings(100_000)),
        ("comprehension", comprehension(250_000)),
    ]


if __name__ == "__main__":
    for name, result in main():
        print(name, result)
