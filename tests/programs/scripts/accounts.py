"""A small business program: records, validation, reports, CSV and configuration."""
import configparser
import csv
import io
import operator
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction


class BankError(Exception):
    """Base."""


class Insufficient(BankError):
    def __init__(self, account, wanted):
        self.account, self.wanted = account, wanted

    def __str__(self):
        return f"{self.account.owner} has {self.account.balance}, wanted {self.wanted}"


@dataclass
class Account:
    owner: str
    balance: int = 0
    history: list = field(default_factory=list)
    rate = Fraction(1, 50)

    def deposit(self, amount, /, *, note="deposit"):
        if amount <= 0:
            raise ValueError("amount must be positive")
        self.balance += amount
        self.history.append((note, amount))
        return self

    def withdraw(self, amount):
        if amount > self.balance:
            raise Insufficient(self, amount)
        self.balance -= amount
        self.history.append(("withdraw", -amount))
        return self

    @property
    def interest(self):
        return self.balance * self.rate


class Bank:
    def __init__(self):
        self._accounts = {}
        self.failed = 0

    def __getitem__(self, name):
        return self._accounts[name]

    def __contains__(self, name):
        return name in self._accounts

    def open(self, *names, **balances):
        for name in names:
            self._accounts[name] = Account(name)
        for name, balance in balances.items():
            self._accounts[name] = Account(name, balance)

    def transfer(self, source, target, amount):
        before = self[source].balance, self[target].balance
        try:
            self[source].withdraw(amount)
            self[target].deposit(amount, note=f"from {source}")
        except BankError as error:
            self.failed += 1
            self[source].balance, self[target].balance = before
            raise BankError("transfer failed") from error
        else:
            return True
        finally:
            self[source].history.append(("attempt", amount))

    def report(self):
        rows = sorted(((a.owner, a.balance) for a in self._accounts.values()), key=operator.itemgetter(1), reverse=True)
        width = max(len(n) for n, _ in rows)
        return "\n".join(f"{i:>2}. {n:<{width}} {b:>+10,.2f}" for i, (n, b) in enumerate(rows, 1))


def summarise(text):
    totals = defaultdict(lambda: [0, 0.0])
    for row in csv.DictReader(io.StringIO(text)):
        entry = totals[row["city"]]
        entry[0] += 1
        entry[1] += float(row["amount"])
    return {k: (n, round(total / n, 2)) for k, (n, total) in sorted(totals.items())}


def configure(text):
    parser = configparser.ConfigParser()
    parser.read_string(text)
    return {s: dict(parser[s]) for s in parser.sections()}, parser.getint("a", "n") + 1


def main():
    bank = Bank()
    bank.open("zoe", ann=100, bob=50)
    print(bank.transfer("ann", "bob", 30), bank["ann"], "zoe" in bank)
    for args in (("bob", "ann", 500), ("nobody", "ann", 1), ("ann", "bob", 0)):
        try:
            bank.transfer(*args)
        except BankError as error:
            print(error, "<-", error.__cause__)
        except (KeyError, ValueError) as error:
            print(type(error).__name__, error)
    for i in range(100):
        bank["zoe"].deposit(i + 1)
        if i % 10 == 0:
            bank["zoe"].withdraw(i // 2 + 1)
    print(bank.report(), bank.failed, bank["ann"].interest, float(bank["zoe"].interest))
    print(summarise("city,amount\nrome,1.5\noslo,2\nrome,3\n"), configure("[a]\nn = 4\n[b]\nx = y\n"))
    out = io.StringIO()
    csv.writer(out).writerows([["a", 1], ["b,c", 2.5]])
    print(out.getvalue().split())


main()
