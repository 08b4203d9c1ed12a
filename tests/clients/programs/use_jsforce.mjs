// jsforce against the org: SOAP login and OAuth, REST, collections, Bulk 1.0 and Bulk 2.0.
import { createRequire } from "node:module";
import { TASK, cells, endSessions, refusal, run } from "./ability.mjs";

const jsforce = createRequire(`${process.env.NODE_PATH}/`)("jsforce");
const fresh = (more = {}) => new jsforce.Connection({ loginUrl: TASK.url, instanceUrl: TASK.url, ...more });
const org = fresh();
const patient = { pollInterval: 200, pollTimeout: 120_000 };

async function login() {
  const who = await org.login(TASK.username, TASK.password);
  const granted = fresh({ oauth2: { clientId: "key", clientSecret: "secret", loginUrl: TASK.url } });
  await granted.loginByOAuth2(TASK.username, TASK.password);
  const identity = await granted.identity();
  if (identity.user_id !== who.id) throw new Error(`${identity.user_id} is not ${who.id}`);
  return { user: who.id, org: who.organizationId };
}

async function describe() {
  const found = await org.sobject("Lead").describe();
  const objects = (await org.describeGlobal()).sobjects.map((each) => each.name);
  return { objects, fields: Object.fromEntries(found.fields.map((each) => [each.name, each.type])) };
}

async function query() {
  const found = await org.query(TASK.soql, { autoFetch: true, maxFetch: 100_000 });
  return { rows: found.records.map(cells) };
}

async function write() {
  const leads = org.sobject("Lead");
  const [kept, gone] = (await leads.create([TASK.record, TASK.record])).map((each) => each.id);
  await leads.update({ Id: kept, ...TASK.change });
  await leads.destroy(gone);
  return { kept, gone, read: (await leads.retrieve(kept)).Company };
}

async function upsert() {
  const created = [];
  let id;
  for (const values of TASK.versions) {
    const done = await org.sobject("Lead").upsert({ Sfsync_Key__c: TASK.key, ...values }, "Sfsync_Key__c");
    created.push(done.created);
    id = done.id;
  }
  return { created, id };
}

async function bulk_load() {
  const done = await org.bulk2.loadAndWaitForResults({ object: "Lead", operation: "insert", input: TASK.load, ...patient });
  const reasons = [...new Set(done.failedResults.map((each) => each.sf__Error))];
  return { good: done.successfulResults.length, bad: done.failedResults.length, reasons };
}

async function bulk_load_1() {
  Object.assign(org.bulk, patient);
  const results = await org.bulk.load("Lead", "insert", TASK.load_1);
  const bad = results.filter((each) => !each.success);
  return { good: results.length - bad.length, bad: bad.length, reasons: [...new Set(bad.flatMap((each) => each.errors))] };
}

async function bulk_query() {
  const rows = await (await org.bulk2.query(TASK.soql, patient)).toArray();
  return { rows: rows.map(cells) };
}

async function bulk_query_1() {
  const rows = await (await org.bulk.query(TASK.soql)).toArray();
  return { rows: rows.map(cells) };
}

const bad_soql = () => refusal(() => org.query(TASK.bad_soql));
const missing_field = () => refusal(() => org.sobject("Lead").create(TASK.incomplete));
const bad_login = () => refusal(() => fresh().login(TASK.username, "wrong"));

async function session_ends() {
  const before = fresh({ accessToken: org.accessToken });
  await endSessions();
  const refused = await refusal(() => before.query(TASK.count));
  const rows = await (await org.bulk.query(TASK.soql)).toArray();
  await endSessions();
  const renewed = (await org.query(TASK.count)).totalSize;
  if (rows.length !== renewed) throw new Error(`${rows.length} rows by Bulk 1.0, ${renewed} by REST`);
  return { ...refused, renewed };
}

// prettier-ignore
await run(login, describe, query, write, upsert, bulk_load, bulk_load_1, bulk_query, bulk_query_1, bad_soql,
  missing_field, bad_login, session_ends);
