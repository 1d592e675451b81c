"""A tokenizer, a recursive-descent parser and an evaluator with its own errors."""
import re
import sys


class ParseError(Exception):
    def __init__(self, message, position):
        super().__init__(f"{message} at {position}")
        self.position = position


class Token:
    __slots__ = ("kind", "text", "position")

    def __init__(self, kind, text, position):
        self.kind, self.text, self.position = kind, text, position

    def __repr__(self):
        return f"{self.kind}:{self.text}"


PATTERN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[a-z]+)|(?P<op>\*\*|[-+*/%()=,]))")


def tokens(text):
    position, out = 0, []
    text = text.rstrip()
    while position < len(text):
        match = PATTERN.match(text, position)
        if not match:
            raise ParseError(f"unexpected {text[position]!r}", position)
        kind = match.lastgroup
        out.append(Token(kind, match[kind], match.start(kind)))
        position = match.end()
    out.append(Token("end", "", position))
    return out


class Parser:
    BINARY = [{"+": lambda a, b: a + b, "-": lambda a, b: a - b}, {"*": lambda a, b: a * b, "/": lambda a, b: a / b, "%": lambda a, b: a % b}]

    def __init__(self, text, names):
        self.tokens = tokens(text)
        self.place = 0
        self.names = names

    @property
    def now(self):
        return self.tokens[self.place]

    def take(self, *texts):
        if self.now.text in texts and self.now.kind != "end":
            self.place += 1
            return self.tokens[self.place - 1].text
        return None

    def expect(self, text):
        if not self.take(text):
            raise ParseError(f"expected {text!r}", self.now.position)

    def statement(self):
        if self.now.kind == "name" and self.tokens[self.place + 1].text == "=":
            name = self.now.text
            self.place += 2
            self.names[name] = value = self.statement()
            return value
        value = self.binary(0)
        if self.now.kind != "end":
            raise ParseError(f"unexpected {self.now.text!r}", self.now.position)
        return value

    def binary(self, level):
        if level == len(self.BINARY):
            return self.power()
        value = self.binary(level + 1)
        while op := self.take(*self.BINARY[level]):
            value = self.BINARY[level][op](value, self.binary(level + 1))
        return value

    def power(self):
        base = self.unary()
        return base ** self.power() if self.take("**") else base

    def unary(self):
        if self.take("-"):
            return -self.unary()
        return self.atom()

    def atom(self):
        token = self.now
        self.place += 1
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.kind == "name":
            if self.take("("):
                args = [self.binary(0)]
                while self.take(","):
                    args.append(self.binary(0))
                self.expect(")")
                return {"max": max, "min": min, "abs": abs}[token.text](*args)
            try:
                return self.names[token.text]
            except KeyError:
                raise ParseError(f"unknown {token.text}", token.position) from None
        if token.text == "(":
            value = self.binary(0)
            self.expect(")")
            return value
        raise ParseError(f"unexpected {token.text or 'end'!r}", token.position)


def main():
    names = {"pi": 3.5}
    for text in ("1 + 2 * 3", "(1 + 2) * -3", "2 ** 3 ** 2", "x = y = 4", "x * y - pi", "max(1, x, 3) % 3", "7 / 2", "1 +", "2 $ 3", "z", "(1", "1 / 0", "abs(0 - 5)",
                 "f(1)", "1 2"):
        try:
            print(text, "=", Parser(text, names).statement())
        except ParseError as error:
            print(text, "!", error, error.position)
        except (ZeroDivisionError, KeyError) as error:
            print(text, "!!", repr(error))
    print(names, tokens("a=1"), sys.getsizeof(0) > 0)


main()
