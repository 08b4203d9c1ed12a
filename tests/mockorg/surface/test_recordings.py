"""The shapes of our answers beside those that real orgs gave; skipped where the recordings are not at hand."""

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.mockorg.surface.conftest import Client
from tests.mockorg.surface.test_bulk1 import JOB, batch, open_job
from tests.shared import SHARED

RECORDINGS = SHARED / "recordings"

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not here")


def exchanges(name: str) -> list[dict[str, Any]]:
    found = YAML(typ="safe").load((RECORDINGS / name).read_text(encoding="utf-8"))
    return found.get("interactions") or [found]


def body(exchange: dict[str, Any]) -> Any:
    return json.loads(exchange["response"]["body"]["string"])


def shape(value: Any) -> Any:
    """Keys and types, without values."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


@pytest.mark.parametrize("name", ["Account", "Contact", "Lead", "Opportunity", "Case"])
def test_describe_has_all_keys_of_real_ones(client: Client, name: str):
    real = body(exchanges(f"GET_sobjects_{name}_describe.yaml")[0])
    ours = client.get(f"sobjects/{name}/describe")
    assert set(real) - set(ours) <= {"associateEntityType", "associateParentEntity"}
    assert set(real["fields"][0]) <= set(ours["fields"][0])
    assert set(real["childRelationships"][0]) <= set(ours["childRelationships"][0])


def test_global_describe_has_all_keys_of_real_ones(client: Client):
    real = body(exchanges("GET_sobjects_Global_describe.yaml")[0])
    ours = client.get("sobjects")
    assert set(real) <= set(ours)
    account = next(each for each in ours["sobjects"] if each["name"] == "Account")
    real_account = next(each for each in real["sobjects"] if each["name"] == "Account")
    assert set(real_account) <= set(account)
    assert {"sobject", "describe", "rowTemplate"} <= set(account["urls"])


def test_create_and_composite_queries(client: Client):
    create, composite = exchanges("TestCompositeParallelSalesforce.test_composite_parallel_salesforce.yaml")
    ours = client.send("POST", "sobjects/Account/", json.loads(create["request"]["body"]))
    assert ours.status == create["response"]["status"]["code"]
    assert ours.header("Content-Type") == create["response"]["headers"]["Response-Headers"]["Content-Type"][0]
    assert shape(ours.json()) == shape(body(create))
    asked = json.loads(composite["request"]["body"])
    for each in asked["compositeRequest"]:
        each["url"] = each["url"].replace("vxx.0", "v62.0")
    assert shape(client.post("composite", asked)) == shape(body(composite))


def test_collections_update(client: Client):
    listed = exchanges("TestUpdatesIntegrationTests.test_updates_task.yaml")
    update = next(each for each in listed if "request" in each and each["request"]["method"] == "PATCH")
    asked = json.loads(update["request"]["body"])
    for row in asked["records"]:
        row["Id"] = client.org.insert("Account", {"Name": "A"})
    assert shape(client.patch("composite/sobjects", asked)) == shape(body(update))
    assert client.org.query("SELECT NumberOfEmployees FROM Account")[0]["NumberOfEmployees"] == 10_000


def test_record_of_the_organization(client: Client):
    real = body(exchanges("GET_sobjects_Organization.yaml")[0])
    number = client.org.core.organization_id
    ours = client.get(f"sobjects/Organization/{number}")
    wanted = {
        "Id",
        "Name",
        "InstanceName",
        "IsSandbox",
        "TrialExpirationDate",
        "NamespacePrefix",
        "OrganizationType",
    }
    assert wanted <= set(ours) & set(real)
    assert next(iter(ours)) == next(iter(real)) == "attributes"


def elements(text: bytes | str, *path: str) -> list[str]:
    root = ET.fromstring(text)
    for name in path:
        root = next(each for each in root if each.tag.endswith(name))
    return [each.tag.rpartition("}")[2] for each in root]


def template(name: str) -> str:
    return re.sub(r"\{[^{}]*\}", "0", (RECORDINGS / name).read_text(encoding="utf-8"))


def test_documents_of_bulk_1_have_the_real_elements_in_the_real_order(client: Client):
    client.headers = {"X-SFDC-Session": client.org.token}
    job = open_job(
        client, operation="upsert", object="Account", contentType="CSV", externalIdFieldName="Sfsync_Key__c"
    )
    assert elements(client.send("GET", f"{JOB}/{job}").body) == elements(template("jobInfo_upsert_xml.tpl"))
    number = batch(client, job, "Sfsync_Key__c,Name\n1,A\n")
    info = client.send("GET", f"{JOB}/{job}/batch/{number}").body
    assert elements(info) == elements(template("batchInfo_xml.tpl"))
    listed = client.send("GET", f"{JOB}/{job}/batch").body
    real = template("batchInfoList_xml.tpl")
    assert elements(listed, "batchInfo") == elements(real, "batchInfo")
