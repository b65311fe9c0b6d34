"""What is known of linear operators: hints are True, False, or None where it is not known."""

HINTS = ("is_non_singular", "is_self_adjoint", "is_positive_definite", "is_square")


def hints_of(operator, **changes):
    return {name: getattr(operator, name) for name in HINTS} | changes


def both_non_singular(a, b):
    if a.is_non_singular is False or b.is_non_singular is False:
        return False
    return a.is_non_singular and b.is_non_singular


def commuting_hints(a, b):
    """Hints of a product of two operators that commute."""
    self_adjoint = definite = None
    if a.is_self_adjoint and b.is_self_adjoint:
        self_adjoint = True
        definite = True if a.is_positive_definite is True and b.is_positive_definite is True else None
    elif {a.is_self_adjoint, b.is_self_adjoint} == {True, False}:
        self_adjoint = False
    return {"is_non_singular": both_non_singular(a, b), "is_self_adjoint": self_adjoint,
            "is_positive_definite": definite, "is_square": True}  # fmt: skip


def product_hints(a, b):
    """Hints of the product of any two operators."""
    square = a.is_square and b.is_square or None
    if not square and a.is_square is False and b.is_square is False:
        square = a.range_dimension == b.domain_dimension
    elif not square and a.is_square is not b.is_square and None not in (a.is_square, b.is_square):
        square = False
    if square is False:
        return dict.fromkeys(HINTS, False)
    return {**dict.fromkeys(HINTS), "is_non_singular": both_non_singular(a, b) if square else None, "is_square": square}


def implied(hint, given, message):
    """The hint that follows from the arguments; raises where the user said the opposite."""
    if hint and given is False:
        raise ValueError(message)
    return True if hint else given


def agreed(operator, name, given, what):
    """A hint that an operator and what is made of it share."""
    own = getattr(operator, name)
    if None not in (own, given) and bool(own) != bool(given):
        adjective = name.removeprefix("is_").replace("self_adjoint", "self-adjoint").replace("_", "-")
        raise ValueError(f"An operator is {adjective} if and only if its {what} is {adjective}.")
    return True if own or given else False if own is False or given is False else None


def is_adjoint_product(operators):
    """Whether the product reads the same when reversed and conjugated: A @ A.H, A @ B @ B.H @ A.H, ..."""

    def is_pair(x, y):
        if x is y and x.is_self_adjoint is not None:
            return bool(x.is_self_adjoint)
        return x.H is y or y.H is x

    count = len(operators)
    return count % 2 == 0 and all(is_pair(operators[i], operators[-1 - i]) for i in range(count // 2))


def check_chain(left, right, word):
    if right.range_dimension != left.domain_dimension:
        raise ValueError(f"Operators are incompatible. Expected `{word}` to have dimension {left.domain_dimension} but got "
                         f"{right.range_dimension}.")  # fmt: skip
