"""Invented leads for the SLA report: dealers of every sort, better and worse months, all in one frame."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from sfsync.reports.sla_settings import SlaSettings

NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
ZONES = ("Europe/Paris", "Europe/Rome", "Europe/Berlin", "Asia/Shanghai")
SETTINGS = SlaSettings.model_validate({
    "first_contact": {"hours": 24, "target": "70%"},
    "management": {"days": 10, "target": "70%"},
    "fully_managed": {"window_days": 60, "target": "90%"},
})  # fmt: skip


def sample_leads(count: int, dealers: int, days: int = 250) -> pd.DataFrame:
    """``count`` leads of the last ``days``; the same every time."""
    chance = np.random.default_rng(6)
    dealer = chance.integers(0, dealers, count)
    skill = chance.beta(6, 3, dealers)[dealer]
    hq = chance.random(count) < 0.42
    age = chance.random(count) * days * 24
    seasoned = np.clip(skill - 0.25 * (age / (days * 24)) - 0.08 * hq + 0.08, 0.05, 0.99)
    contact = chance.gamma(0.7, 9, count) + (chance.random(count) > seasoned) * chance.exponential(50, count)
    handle = contact + chance.exponential(24 * 4, count) * (2.1 - seasoned)
    close = handle + chance.exponential(24 * 8, count)
    now = pd.Timestamp(NOW)

    def after(hours: np.ndarray, wanted: np.ndarray) -> pd.Series:
        moment = pd.Series(assigned + pd.to_timedelta(hours.round(2), unit="h"))
        return moment.where(wanted & (hours <= age)).astype("datetime64[ms, UTC]")

    assigned = pd.Series(now - pd.to_timedelta(age.round(2), unit="h")).astype("datetime64[ms, UTC]")
    contacted = after(contact, chance.random(count) < 0.97)
    handled = after(handle, (chance.random(count) < 0.95) & contacted.notna().to_numpy())
    closed = after(close, (chance.random(count) < 0.96) & handled.notna().to_numpy())
    return pd.DataFrame({
        "lead": [f"ASL-{number:06d}" for number in range(count)],
        "dealer": [f"D{number + 1:05d}" for number in dealer],
        "dealer_name": [f"Garage {number + 1}" for number in dealer],
        "zone": [ZONES[number % len(ZONES)] for number in dealer],
        "kind": np.where(hq, "HQ driven", "Customer driven"),
        "assigned": assigned,
        "contacted": contacted,
        "handled": handled,
        "closed": closed,
        "is_handled": handled.notna(),
        "is_closed": closed.notna(),
    })  # fmt: skip
