/** Checks the licences in package-lock.json, and that no registry is named there, so that it installs with any registry. */
import { readFileSync } from 'node:fs';

/** Permissive licences. Other licences need a decision (docs/dependencies.md). */
const ACCEPTED = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  // Requires attribution only. Used by data in Babel (docs/dependencies.md).
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'PSF-2.0',
  'Python-2.0',
  'Unlicense',
]);

/** Decisions for single packages (docs/dependencies.md). */
const DECIDED = new Map([['node_modules/axe-core', 'MPL-2.0']]);

const isDecided = (path, license) => license !== undefined && DECIDED.get(path) === license;

const { packages } = JSON.parse(readFileSync(process.argv[2] ?? 'package-lock.json', 'utf8'));
const problems = [];
for (const [path, { license, resolved, link }] of Object.entries(packages)) {
  if (link) continue;
  const name = path === '' ? 'the project itself' : path;
  if (!isAccepted(license) && !isDecided(path, license)) problems.push(`${name}: licence ${license ?? 'unknown'}`);
  if (resolved !== undefined) problems.push(`${name}: names a registry address ("resolved")`);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`${Object.keys(packages).length} packages, ${problems.length} problems\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

/** Whether an SPDX expression is acceptable: `OR` needs one accepted licence, `AND` needs all. */
function isAccepted(license) {
  if (typeof license !== 'string') return false;
  return license
    .replaceAll(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((one) => ACCEPTED.has(one.trim())));
}
