import type { Writable } from 'node:stream';
import { HELP, readOptions, UsageError } from './cli-options.ts';
import type { CommandOptions } from './cli-options.ts';
import { startEmulator } from './emulator.ts';
import type { Emulator } from './emulator.ts';
import type { ClusterProvider } from './eks/model.ts';

/** What the command needs of its process, so that tests can stand in for it. */
export interface CommandIo {
  readonly stdout: Pick<Writable, 'write'>;
  readonly stderr: Pick<Writable, 'write'>;
  /** Resolves with the signal that ends the command. */
  readonly interrupted: () => Promise<'SIGINT' | 'SIGTERM'>;
  /** Makes the provider of embedded clusters. Without it, `--clusters embedded` is the same as `none`. */
  readonly clusterProvider?: () => ClusterProvider | Promise<ClusterProvider>;
}

/**
 * The command `npm run emulator`.
 * @returns the exit code: 0 after SIGTERM, 130 after SIGINT, 2 wrong usage, 3 the address cannot be bound
 */
export async function main(argv: readonly string[], io: CommandIo): Promise<number> {
  let options: CommandOptions;
  try {
    options = readOptions(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.stderr.write(`${error.message}\n`);
    return 2;
  }
  if (options.help) {
    io.stdout.write(HELP);
    return 0;
  }

  // Listening starts ahead of the announcement: whoever reads the line may stop the emulator at once.
  const interrupted = io.interrupted();
  let emulator: Emulator;
  try {
    emulator = await start(options, io);
  } catch (error) {
    const text = bindingProblem(error, options);
    if (text === undefined) throw error;
    io.stderr.write(`${text}\n`);
    return 3;
  }
  const { endpoint, region, accountId, administrator } = emulator;
  const { accessKeyId, secretAccessKey } = administrator;
  io.stdout.write(`${JSON.stringify({ endpoint, region, accountId, accessKeyId, secretAccessKey })}\n`);

  const signal = await interrupted;
  await emulator.close();
  return signal === 'SIGINT' ? 130 : 0;
}

async function start(options: CommandOptions, io: CommandIo): Promise<Emulator> {
  const { host, port, accountId, region, administrator, seed } = options;
  const provider = options.clusters === 'embedded' ? await io.clusterProvider?.() : undefined;
  return startEmulator({
    host,
    port,
    ...(accountId === undefined ? {} : { accountId }),
    ...(region === undefined ? {} : { region }),
    ...(administrator === undefined ? {} : { administrator }),
    ...(seed === undefined ? {} : { seed }),
    ...(provider === undefined ? {} : { clusterProvider: provider }),
  });
}

function bindingProblem(error: unknown, { host, port }: CommandOptions): string | undefined {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use; give another --port, or 0 for any free one.`;
    case 'EACCES':
      return `Port ${port} of ${host} may not be bound by this user; give a --port above 1023, or 0 for any free one.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `${host} is no address of this machine; give another --host, such as 127.0.0.1.`;
    default:
      return undefined;
  }
}

/** The process's own streams and signals. A second signal ends the process at once. */
export function processIo(): CommandIo {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    interrupted: () =>
      new Promise((resolve) => {
        process.once('SIGINT', () => resolve('SIGINT'));
        process.once('SIGTERM', () => resolve('SIGTERM'));
      }),
  };
}
