import { parseArgs } from 'node:util';
import { JAVASCRIPT } from '../clients/javascript/index.ts';
import { ClusterError } from '../foundation/cluster-error.ts';
import { ensureComponentImage } from '../clusters/kind/images/index.ts';
import { EXIT } from '../foundation/errors.ts';

const USAGE = `Usage: npm run kind:images -- [--base IMAGE] [--force]

Builds the image of the reference agent, webhook and probe program for clusters of kind, unless Docker has it already, and
prints its reference. See docs/images.md.

  --base IMAGE  what it is built from: a Linux image with iproute2, and Node 20.19 or later (else this machine's Node
                serves). Default: node:22-bookworm-slim, else a node image of npm run kind:node-image
  --force       build it even if it is there
  --help        print this`;

function optionsOf(argv: readonly string[]): { base?: string; force: boolean; help: boolean } {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      base: { type: 'string' },
      force: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values;
}

async function main(argv: readonly string[]): Promise<number> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupted.abort());
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  let options;
  try {
    options = optionsOf(argv);
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    return EXIT.usage;
  }
  if (options.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  try {
    const { base, force } = options;
    const reference = await ensureComponentImage({
      workload: JAVASCRIPT,
      ...(base !== undefined && { base }),
      baseFlag: '--base',
      force,
      progress: say,
      signal: interrupted.signal,
    });
    process.stdout.write(`${reference}\n`);
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT.interrupted;
    if (!(error instanceof ClusterError)) throw error;
    say(error.message);
    return error.blame === 'usage' ? EXIT.usage : EXIT.environment;
  }
}

process.exitCode = await main(process.argv.slice(2));
