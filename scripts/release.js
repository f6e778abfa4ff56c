/** Prints `version` and `notes` from CHANGELOG.md for GitHub Actions. Exits 1 if package.json, the changelog and the tag differ. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const { GITHUB_REF_TYPE, GITHUB_REF_NAME } = process.env;
const parts = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m).slice(1);
const part = parts.find((text) => text.startsWith(`${version} `) || text.startsWith(`${version}\n`));
const fail = (sentence) => {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
};
if (GITHUB_REF_TYPE === 'tag' && GITHUB_REF_NAME !== `v${version}`)
  fail(`The tag is ${GITHUB_REF_NAME} and package.json says ${version}: tag v${version}, or raise the version first.`);
if (part === undefined) fail(`CHANGELOG.md has no part "## ${version}": write what changed.`);
const end = randomUUID();
process.stdout.write(`version=${version}\nnotes<<${end}\n${part.slice(part.indexOf('\n')).trim()}\n${end}\n`);
