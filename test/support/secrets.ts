import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CliRun } from './run-cli.ts';

/** Patterns of tokens, keys and signatures. */
export const SECRETS: Readonly<Record<string, RegExp>> = {
  'a JSON web token': /eyJ[\w-]{8,}/,
  'an access key id': /\b(AKIA|ASIA)[A-Z0-9]{12,}\b/,
  'a secret access key':
    /(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[/+])(?=[A-Za-z0-9/+]*[0-9])(?=[A-Za-z0-9/+]*[A-Z])(?!arn)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/,
  'a session token': /(IQoJ|FwoG)[A-Za-z0-9/+=]{20,}/,
  'a signature': /(X-Amz-Signature|Signature)=[0-9a-f]{16,}/i,
  'a cluster token': /k8s-aws-v1\.[\w-]{8,}/,
  'a private key': /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
};

/** Returns standard output, standard error and all files in the report folder, with their names. */
export function textsOf(run: CliRun): readonly (readonly [string, string])[] {
  let files: readonly (readonly [string, string])[] = [];
  try {
    files = readdirSync(run.reportDirectory, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')] as const);
  } catch (error) {
    // A rejected command creates no report folder.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return [['stdout', run.stdout], ['stderr', run.stderr], ...files];
}

/** Expects that output and reports contain nothing that looks like a secret, and none of `known`. */
export function expectNoSecrets(run: CliRun, known: readonly string[] = []): void {
  for (const [where, text] of textsOf(run)) {
    for (const [what, pattern] of Object.entries(SECRETS)) {
      const found = pattern.exec(text);
      const around = found && text.slice(Math.max(0, found.index - 200), found.index + 100);
      expect(around, `${what} in ${where}`).to.equal(null);
    }
    for (const [index, secret] of known.entries())
      expect(text.includes(secret), `known secret ${index} in ${where}`).to.equal(false);
  }
}
