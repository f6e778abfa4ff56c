/** Prints `N passed, N failed`. Skipped scenarios count as failed, unless a capability is missing. Failures that a gate allows do not count. */
import { readFileSync } from 'node:fs';

const { scenarios } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const passed = scenarios.filter(({ verdict }) => verdict === 'passed');
const excused = scenarios.filter(({ verdict, reason }) => verdict === 'skipped' && reason.startsWith('Not available'));
const allowedFailures = scenarios.filter(({ allowed }) => allowed !== undefined);
const failed = scenarios.length - passed.length - excused.length - allowedFailures.length;
for (const { id, reason } of excused) process.stdout.write(`not run: ${id} ${reason}\n`);
for (const { id, allowed } of allowedFailures) process.stdout.write(`known: ${id} ${allowed.reason}\n`);
process.stdout.write(`${passed.length} passed, ${failed} failed\n`);
process.exitCode = passed.length > 0 && failed === 0 ? 0 : 1;
