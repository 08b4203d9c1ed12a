// What the programs of the Node clients share: read the task, run the abilities, say what each one saw.
import { readFileSync } from "node:fs";

/** What to do and with what; see `task` in checks.py. */
export const TASK = JSON.parse(readFileSync(process.argv[2], "utf8"));

/** Run functions named as the abilities are; each returns what it saw. */
export async function run(...abilities) {
  for (const ability of abilities) {
    let said;
    try {
      said = { ability: ability.name, saw: await ability() };
    } catch (error) {
      said = { ability: ability.name, error: String(error.stack ?? error) };
    }
    process.stdout.write(`${JSON.stringify(said)}\n`);
  }
}

/** The text of the error that an action must end in. */
export async function refusal(action) {
  let done;
  try {
    done = await action();
  } catch (error) {
    return { text: `${error.name} ${error.errorCode ?? ""} ${error.message} ${JSON.stringify(error)}` };
  }
  throw new Error(`nothing was refused: ${JSON.stringify(done)}`);
}

/** End every session of the org, as an administrator can. */
export async function endSessions() {
  const answer = await fetch(`${TASK.url}/__mock/state`, { method: "POST", body: '{"expire": true}' });
  if (!answer.ok) throw new Error(`the sessions go on: ${answer.status}`);
}

/** The columns of the task from a record with parents inside, or with dotted names. */
export function cells(record) {
  return TASK.columns.map(
    (column) => record[column] ?? column.split(".").reduce((value, name) => value?.[name], record) ?? null,
  );
}
