"""Numbers and names as people read them: three significant figures, true minus, per cent.

Every sentence that Watchkeeper writes, in a report, a terminal or a message, takes its numbers from
here, so that one value reads the same everywhere.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable

UNDEFINED = "–"
"""What stands where a number is undefined."""

MINUS = "\N{MINUS SIGN}"

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_NAME_LIMIT = 60
_ACRONYMS = {
    "auc": "AUC", "brier": "Brier", "cramer": "Cramér", "ctr": "CTR", "ece": "ECE", "f1": "F1",
    "hellinger": "Hellinger", "jensen": "Jensen", "kl": "KL", "kolmogorov": "Kolmogorov",
    "ks": "KS", "mae": "MAE", "mape": "MAPE", "matthews": "Matthews", "mce": "MCE", "mrr": "MRR",
    "ndcg": "NDCG", "pr": "PR", "psi": "PSI", "r2": "R²", "rmse": "RMSE", "roc": "ROC",
    "shannon": "Shannon", "smirnov": "Smirnov", "anderson": "Anderson", "darling": "Darling",
    "mises": "Mises", "wasserstein": "Wasserstein", "fpr": "FPR", "tpr": "TPR", "mse": "MSE",
    "chi": "χ²", "js": "JS", "g": "G",
}  # fmt: skip
_TITLES = {"chi_squared": "χ²", "g_test": "G-test", "r2": "R²"}


def number(value: float | None, *, digits: int = 3) -> str:
    """A number with `digits` significant figures; integers keep all of theirs below a million.

    Parameters
    ----------
    value
        Any number; None, NaN and infinities are undefined.
    digits
        Significant figures.

    Examples
    --------
    >>> number(0.48312), number(-1234.5), number(0.00004321), number(None)
    ('0.483', '−1,234', '4.32 × 10⁻⁵', '–')
    """
    if value is None or not math.isfinite(value):
        return UNDEFINED
    if value == 0:
        return "0"
    size = abs(value)
    text = _power(size, digits) if size >= 1e6 or size < 1e-3 else _plain(size, digits)
    return MINUS + text if value < 0 else text


def _plain(size: float, digits: int) -> str:
    """Digits and thousands separators, without a sign."""
    if float(size).is_integer():
        return f"{size:,.0f}"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{size:,.{decimals}f}"
    # Rounding up to the next power of ten (0.9996) adds a figure that was not measured.
    if "." in text and len(text.replace(",", "").replace(".", "").lstrip("0")) > digits:
        text = text[:-1].rstrip(".")
    return text


def _power(size: float, digits: int) -> str:
    """A mantissa and a power of ten, for numbers too large or small to read at a glance."""
    mantissa, exponent = f"{size:.{digits - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"


def setting(value: float | None) -> str:
    """A number that somebody chose, such as a limit: all its figures and no more.

    >>> setting(0.05), setting(100.0), setting(-0.125)
    ('0.05', '100', '−0.125')
    """
    if value is None or not math.isfinite(value):
        return UNDEFINED
    return f"{value:,.10g}".replace("-", MINUS)


def signed(value: float | None, *, digits: int = 3) -> str:
    """A difference, which always shows its direction.

    >>> signed(0.1234), signed(-0.13), signed(0.0)
    ('+0.123', '−0.130', '±0')
    """
    if value is None or not math.isfinite(value):
        return UNDEFINED
    if value == 0:
        return "±0"
    return number(value, digits=digits) if value < 0 else "+" + number(value, digits=digits)


def pair(before: float, after: float) -> tuple[str, str]:
    """Two numbers with as few figures as keep them apart: two, three where two hardly differ.

    Examples
    --------
    >>> pair(0.6132, 0.4811), pair(0.8342, 0.8291), pair(0.83421, 0.83419)
    (('0.61', '0.48'), ('0.834', '0.829'), ('0.83421', '0.83419'))
    """
    largest = max(abs(before), abs(after))
    apart = abs(before - after)
    if largest == 0 or not math.isfinite(largest):
        return number(before), number(after)
    for digits in range(2, 7):
        unit = 10.0 ** (math.floor(math.log10(largest)) - digits + 1)
        if apart >= 2 * unit or apart == 0:
            break
    if apart == 0:
        digits = 3
    return _fixed(before, largest, digits), _fixed(after, largest, digits)


def _fixed(value: float, largest: float, digits: int) -> str:
    """`value` with the decimals that give `largest` its significant figures."""
    if largest >= 1e6 or largest < 1e-3:
        return number(value, digits=max(digits, 3))
    decimals = max(0, digits - 1 - math.floor(math.log10(largest)))
    text = f"{abs(value):,.{decimals}f}"
    return MINUS + text if value < 0 and text.strip("0.,") else text


def percent(share: float | None) -> str:
    """A share as per cent; only exactly nothing is 0 % and only exactly all is 100 %.

    >>> percent(0.0521), percent(0.99996), percent(1.0), percent(0.000002), percent(None)
    ('5.21 %', '99.996 %', '100 %', '0.0002 %', '–')
    """
    if share is None or not math.isfinite(share):
        return UNDEFINED
    value = share * 100
    size = abs(value)
    if size < 1e-4 and size > 0:
        return f"under {MINUS if value < 0 else ''}0.0001 %"
    if 99 < size < 100:
        decimals = min(6, 1 - math.floor(math.log10(100 - size)) if 100 - size < 0.1 else 1)
        text = f"{size:.{decimals}f}".rstrip("0").rstrip(".")
    elif size < 1e-3:
        text = f"{size:.4f}".rstrip("0").rstrip(".")
    else:
        text = _plain(size, 3) if size else "0"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{MINUS if value < 0 else ''}{text} %"


def count(value: float | None) -> str:
    """A number of things: exact below ten thousand, with an SI prefix from there.

    >>> count(412), count(8078), count(80789), count(1_234_567), count(999_960)
    ('412', '8,078', '80.8 k', '1.23 M', '1.00 M')
    """
    if value is None or not math.isfinite(value):
        return UNDEFINED
    if abs(value) < 10_000:
        return f"{value:,.0f}".replace("-", MINUS)
    for size, prefix in _PREFIXES:
        if abs(value) >= size * 0.9995:
            scaled = value / size
            decimals = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
            return f"{scaled:,.{decimals}f} {prefix}".replace("-", MINUS)
    return f"{value:,.0f}"


def counted(value: int, noun: str, *, plural: str | None = None) -> str:
    """A count with its noun.

    >>> counted(1, "row"), counted(3, "row"), counted(2, "category", plural="categories")
    ('1 row', '3 rows', '2 categories')
    """
    return f"{count(value)} {noun if value == 1 else plural or noun + 's'}"


def p_value(p: float | None) -> str:
    """A p-value as statisticians print it.

    >>> p_value(0.0123), p_value(0.00001), p_value(1.0), p_value(None)
    ('p = 0.012', 'p < 0.001', 'p = 1', '–')
    """
    if p is None or not math.isfinite(p):
        return UNDEFINED
    if p < 0.001:
        return "p < 0.001"
    return "p = 1" if p > 0.9995 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def interval(low: float | None, high: float | None) -> str:
    """An interval; '' where there is none.

    >>> interval(0.4712, 0.4931), interval(None, 1.0)
    ('0.471 to 0.493', '')
    """
    if low is None or high is None:
        return ""
    return f"{number(low)} to {number(high)}"


def duration(seconds: float) -> str:
    """A length of time in its two largest units.

    >>> duration(8040), duration(45), duration(200_000), duration(3600)
    ('2 h 14 min', '45 s', '2 d 7 h', '1 h')
    """
    sizes = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    left = max(0, round(seconds))
    parts = []
    for position, (size, unit) in enumerate(sizes):
        whole, rest = divmod(left, size)
        if whole:
            parts.append(f"{whole} {unit}")
            if position + 1 < len(sizes):
                following, name = sizes[position + 1]
                if rest // following:
                    parts.append(f"{rest // following} {name}")
            break
    return " ".join(parts) or "0 s"


def name(text: object) -> str:
    r"""A name or value from the data, safe inside a sentence of one line.

    Control characters and direction overrides are dropped, right-to-left text is isolated, long
    names are cut, and an empty or blank-edged one stands in quotes.

    Examples
    --------
    >>> name("temp"), name(""), name("a\nb"), name("x" * 100)[-3:]
    ('temp', "''", 'a b', 'xx…')
    """
    words = "".join(_harmless(character) for character in str(text))
    clean = " ".join(words.split())
    if len(clean) > _NAME_LIMIT:
        clean = clean[: _NAME_LIMIT - 1] + "…"
    if not clean:
        return "''"
    if any(unicodedata.bidirectional(character) in {"R", "AL"} for character in clean):
        return f"\u2068{clean}\u2069"
    return clean


def _harmless(character: str) -> str:
    """The character; a space for one that would break the line, nothing for one that hides."""
    category = unicodedata.category(character)
    if category in {"Zl", "Zp"} or character in "\t\n\r\v\f\x85":
        return " "
    if category == "Cs":
        return "\ufffd"
    return "" if category in {"Cc", "Cf"} else character


def listing(names: Iterable[object], *, limit: int = 3) -> str:
    """Names as a list of at most `limit`, and how many there are beyond.

    >>> listing(["a", "b"]), listing("abcde", limit=3)
    ('a, b', 'a, b, c and 2 more')
    """
    every = [name(item) for item in names]
    shown = ", ".join(every[:limit])
    return shown if len(every) <= limit else f"{shown} and {count(len(every) - limit)} more"


def joined(parts: Iterable[str]) -> str:
    """Phrases joined by commas and 'and'.

    >>> joined(["a"]), joined(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    every = list(parts)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}"


def metric_title(metric: str) -> str:
    """The title of a metric from its name: words apart, acronyms in their own case.

    Examples
    --------
    >>> metric_title("roc_auc"), metric_title("log_loss"), metric_title("ndcg@10")
    ('ROC AUC', 'log loss', 'NDCG@10')
    """
    if metric in _TITLES:
        return _TITLES[metric]
    words = []
    for word in name(metric).replace("_", " ").split():
        stem, at, k = word.partition("@")
        words.append(_ACRONYMS.get(stem.lower(), stem) + at + k)
    return " ".join(words)


def sentence(text: str) -> str:
    """`text` with a capital and a full stop.

    >>> sentence("precision fell"), sentence("R² rose.")
    ('Precision fell.', 'R² rose.')
    """
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")
