import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { CliRun } from './run-cli.ts';

/** What tokens, keys and their parts look like; a signature of Signature Version 4 too. */
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

/** Standard output, standard error and every file of the report folder, by name. */
export function textsOf(run: CliRun): readonly (readonly [string, string])[] {
  let files: readonly (readonly [string, string])[] = [];
  try {
    files = readdirSync(run.reportDirectory, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')] as const);
  } catch (error) {
    // A command that was refused makes no report folder.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return [['stdout', run.stdout], ['stderr', run.stderr], ...files];
}

/** Fails where something that looks like a secret, or is one of `known`, is in the output or the reports. */
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
