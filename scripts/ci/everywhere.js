/** Checks that each scenario passed in at least one of the given results.json files. */
import { readFileSync } from 'node:fs';

const runs = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')).scenarios);
const passed = new Set(runs.flat().flatMap(({ id, verdict }) => (verdict === 'passed' ? [id] : [])));
const never = [...new Set(runs.flat().map(({ id }) => id))].filter((id) => !passed.has(id));
for (const id of never) process.stdout.write(`${id} passed in no run\n`);
process.exitCode = passed.size > 0 && never.length === 0 ? 0 : 1;
