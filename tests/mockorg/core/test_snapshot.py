"""Going back to a prepared org: records, ids and counters as they were."""

from sfsync.mockorg import MockOrg


def test_a_restored_org_is_the_prepared_one() -> None:
    org = MockOrg(metadata=[])
    org.insert("Account", {"Name": "Kept"})
    snapshot = org.snapshot()
    first = org.insert("Account", {"Name": "Lost"})
    org.faults.script("error")
    org.restore(snapshot)
    assert [account["Name"] for account in org.query("SELECT Name FROM Account")] == ["Kept"]
    assert org.insert("Account", {"Name": "Again"}) == first
    assert org.faults.as_json() == []
    assert org.stats.records_written == 0
