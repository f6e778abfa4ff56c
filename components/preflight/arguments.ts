import { parseArgs } from 'node:util';
import { badFlagValue } from '../../foundation/node/errors.ts';
import type { Expectations } from './run.ts';

export const USAGE = `Usage: preflight [--expect-role ARN] [--read s3://BUCKET/KEY] [--timeout SECONDS] [--format terminal|json]

Run in a pod: follow its way to AWS credentials, print each step, and compare the identity with --expect-role.
It prints no token and no key.

Exit codes: 0 ok; 1 a step failed; 2 wrong usage; 3 a step did not finish in time.
`;

export interface Arguments extends Expectations {
  readonly isHelp: boolean;
  readonly isJson: boolean;
  /** Milliseconds. */
  readonly limit: number;
}

/** Throws an error of `parseArgs`, or `HarnessError` BAD_FLAG_VALUE. */
export function parse(words: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...words],
    options: {
      'expect-role': { type: 'string' },
      read: { type: 'string' },
      timeout: { type: 'string', default: '10' },
      format: { type: 'string', default: 'terminal' },
      help: { type: 'boolean', default: false },
    },
  });
  const { 'expect-role': role, read, timeout, format, help } = values;
  if (!['terminal', 'json'].includes(format)) throw badFlagValue(`--format is "${format}". Use terminal or json.`);
  return { ...expectationsOf({ role, read, timeout }), isJson: format === 'json', isHelp: help };
}

interface Texts {
  readonly role: string | undefined;
  readonly read: string | undefined;
  readonly timeout: string;
}

/** Throws `HarnessError` BAD_FLAG_VALUE. */
export function expectationsOf({ role, read, timeout }: Texts): Expectations & { readonly limit: number } {
  if (role !== undefined && !/^arn:[\w-]+:iam::\d{12}:role\/.+/.test(role))
    throw badFlagValue(
      `--expect-role is "${role}". Use the ARN of a role, such as arn:aws:iam::111122223333:role/app.`,
    );
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(read ?? '') ?? [];
  if (read !== undefined && (bucket === undefined || key === undefined))
    throw badFlagValue(`--read is "${read}". Use an object, such as s3://bucket/key.`);
  const seconds = Number(timeout);
  if (!(seconds > 0 && seconds <= 600)) throw badFlagValue(`--timeout is "${timeout}". Use seconds from 1 to 600.`);
  return {
    ...(role !== undefined && { role }),
    ...(bucket !== undefined && key !== undefined && { read: { bucket, key } }),
    limit: seconds * 1000,
  };
}
