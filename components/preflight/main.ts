#!/usr/bin/env node
import { parse, USAGE, type Arguments } from './arguments.ts';
import { reportText } from './report.ts';
import { preflight } from './run.ts';

// The SDK's warning about Node 20 does not concern the pod.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const EXIT = { ok: 0, failed: 1, unknown: 3 } as const;

async function main(): Promise<number> {
  let given: Arguments;
  try {
    given = parse(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 2;
  }
  if (given.isHelp) {
    process.stdout.write(USAGE);
    return 0;
  }
  const report = await preflight({ ...given, environment: process.env });
  process.stdout.write(given.isJson ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report));
  return EXIT[report.verdict];
}

// Connections of hung steps would keep the process alive.
void main().then((code) => process.exit(code));
