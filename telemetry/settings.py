"""What every process can be told about its telemetry; each process's own settings begin with these."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Share = Annotated[float, Meta(ge=0, le=1)]


class TelemetrySettings(Struct, frozen=True, kw_only=True):
    """`OTEL_…` are OpenTelemetry's own variables, of which the SDK reads the others itself: headers, intervals, limits.

    Without an endpoint nothing is sent; `/metrics` answers all the same. `otel_traces_sampler_arg` is the share of
    matches whose rounds are traced.
    """

    otel_exporter_otlp_endpoint: str = ""
    otel_traces_sampler_arg: Share = 0.01
    otel_sdk_disabled: bool = False
    log_format: Literal["console", "json"] = "console"
