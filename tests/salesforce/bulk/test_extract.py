"""Large queries come by Bulk API, small ones in shared calls; both give the same records."""

import pandas as pd

from flows.aftersales_sla import lead_frame, queries
from sfsync.mockorg import MockOrg
from sfsync.project import Content
from sfsync.reports.report import Asked
from sfsync.reports.sla_settings import SlaSettings
from sfsync.salesforce.org import Org
from sfsync.salesforce.session import Session
from tests.salesforce.bulk.conftest import METADATA


def test_both_ways_give_the_same_leads_and_histories(org: MockOrg, session: Session):
    org.seed("aftersales", 120)
    settings = Content(METADATA.parents[1]).settings("sla", SlaSettings)
    soqls = queries(settings, org.core.clock.today(), Asked())
    frames = []
    for extract_from in (10_000, 100):
        before = org.stats.api_calls
        leads, history = Org(session, clock=session.clock, extract_from=extract_from).extract(soqls)
        assert (len(leads), len(history) > 150) == (120, True)
        frames.append((org.stats.api_calls - before, *lead_frame(leads, history, "Europe/Paris")))
    (small, one, said), (large, other, told) = frames
    pd.testing.assert_frame_equal(
        one.sort_values("lead", ignore_index=True), other.sort_values("lead", ignore_index=True)
    )
    assert said == told == {"by_history": 116, "by_field": 4, "unknown_zones": 0}
    assert small == 1
    assert large > 6  # two jobs


def test_only_the_large_one_goes_by_bulk(org: MockOrg, session: Session):
    org.seed("aftersales", 30)
    soqls = ["SELECT Id, Name FROM Aftersales_Lead__c ORDER BY Name", "SELECT Id FROM User"]
    leads, users = Org(session, clock=session.clock, extract_from=20).extract(soqls)
    assert [lead["Name"] for lead in leads] == [f"ASL-{number:06d}" for number in range(1, 31)]
    assert len(users) >= 1
