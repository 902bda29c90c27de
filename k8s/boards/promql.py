"""The pieces of PromQL that several panels and rules share."""

SERVER, INFERENCE, TRAINER = "rps-quest/server", "rps-quest/inference", "rps-quest/trainer"
"""The jobs: service.namespace/service.name, as Grafana Cloud derives them from OTLP and `prometheus.yml` names them."""

EVERY = "$__rate_interval"
"""Grafana's own choice of a window: four scrapes at least."""

_Z2 = 1.96**2


def rate(metric: str, by: str = "", window: str = EVERY) -> str:
    """How often per second, summed over all instances; `metric` may carry matchers, `by` names the labels kept."""
    return f"sum{f' by ({by})' if by else ''} (rate({metric}[{window}]))"


def quantile(share: float, histogram: str, by: str = "", window: str = EVERY) -> str:
    """The value below which this share of a histogram's measurements lies; `histogram` ends before `_bucket`."""
    name, brace, matchers = histogram.partition("{")
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share:g}, sum by ({labels}) (rate({name}_bucket{brace}{matchers}[{window}])))"


def of(metric: str, *matchers: str) -> str:
    """The metric where all these hold."""
    return f"{metric}{{{', '.join(matchers)}}}" if matchers else metric


def or_zero(expression: str, job: str, label: str = "") -> str:
    """Zero where the expression finds nothing although the job tells of itself: what never happened has no series.

    With `label` the zero has that label, and `none` for its value.
    """
    zero = f'0 * max(process_uptime_seconds{{job="{job}"}})'
    if not label:
        return f"{expression} or {zero}"
    return f'{expression} or on () label_replace({zero}, "{label}", "none", "", "")'


def told(total: str) -> str:
    """A total that is read from the log: each process that tells it tells the same, so only one may count."""
    return f"max without (instance, pod) ({total})"


def counted(some: str, all_: str, by: str) -> str:
    """The sum of some of a total's series, and zero where there is none of these yet."""
    return f"(sum by ({by}) ({some}) or 0 * sum by ({by}) ({all_}))"


def wilson(successes: str, trials: str, sign: int) -> str:
    """The lower (-1) or upper (1) end of Wilson's 95 % interval for a share (JASA 22, 1927)."""
    k, n = f"({successes})", f"({trials})"
    spread = f"1.96 * sqrt({k} * ({n} - {k}) / {n} + {_Z2 / 4:.4f})"
    return f"({k} + {_Z2 / 2:.4f} {'+' if sign > 0 else '-'} {spread}) / ({n} + {_Z2:.4f})"
