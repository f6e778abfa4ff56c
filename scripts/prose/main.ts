/** Checks the English of comments, messages, titles and pages: `npm run check:prose [-- FILE...]`. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { problemsOf } from './rules.ts';
import { textsOf } from './texts.ts';

/** Files that quote the output of programs, or sentences that the rules reject. */
const EXEMPT = /^docs\/(?:clients|fidelity)\.md$|^scripts\/prose\/(?:rules|prose\.test)\.ts$|^docs\/published\//;

const given = process.argv.slice(2);
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.(?:[mc]?[jt]sx?|md)$/.test(file) && !EXEMPT.test(file) && existsSync(file));
const files = given.length === 0 ? tracked : tracked.filter((file) => given.some((start) => file.startsWith(start)));

let problems = 0;
for (const file of files)
  for (const { line, text, doc } of textsOf(file, readFileSync(file, 'utf8')))
    for (const problem of problemsOf(text, doc)) {
      problems += 1;
      process.stdout.write(`${file}:${line}: ${problem}\n`);
    }
process.stdout.write(`${files.length} files, ${problems} problems\n`);
process.exitCode = problems === 0 && files.length > 0 ? 0 : 1;
