/** Checks that no file names a machine's folders or package registry, or contains a private key. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const FORBIDDEN = [
  [/(?<![\w.$}-])\/(?:work|root|home\/\w+|Users\/\w+|tmp\/brief)\//, 'a machine-specific folder'],
  [
    /\bregistry\.(?:npmjs\.org|yarnpkg\.com)\b|\bpypi\.org\/simple\b|\bartifactory\b|\bnexus\.[\w-]+\./i,
    'a package registry',
  ],
  [/-----BEGIN (?:RSA |EC )?PRIVATE KEY-----\r?\n[A-Za-z0-9+/]{32}/, 'a private key'],
];
/** This file, which contains the patterns. */
const OWN = 'scripts/texts.js';

const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
});
const files = stdout.split('\0').filter((file) => file !== '' && file !== OWN);
let problems = files.length === 0 ? 1 : 0;
for (const file of files) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') continue;
    throw error;
  }
  for (const [pattern, what] of FORBIDDEN) {
    const match = pattern.exec(text);
    if (match === null) continue;
    problems += 1;
    const line = text.slice(0, match.index).split('\n').length;
    process.stderr.write(`${file}:${line}: names ${what}: ${match[0].split('\n')[0]}\n`);
  }
}
process.stdout.write(`${files.length} files, ${problems} problems\n`);
process.exitCode = problems === 0 ? 0 : 1;
