import { UsageError } from '../go/flags.ts';
import { parseWebhookFlags, usage } from './cli/flags.ts';
import { run } from './cli/run.ts';

/** Runs until a signal. Exits with 2 for an invalid command line, and with 1 if it cannot start. */
async function main(args: readonly string[]): Promise<void> {
  const terminated = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
  });
  try {
    const flags = parseWebhookFlags(args, process.env);
    if (flags.help || flags.version) {
      process.stdout.write(`${flags.help ? usage() : '0.6.9'}\n`);
      return;
    }
    const program = await run(flags, process.env, (line) => process.stderr.write(`${line}\n`));
    process.stderr.write(`Listening on ${program.webhook.url}\n`);
    await terminated;
    await program.stop();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : 'The webhook cannot start.'}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}

void main(process.argv.slice(2));
