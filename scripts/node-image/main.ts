import { parseArgs } from 'node:util';
import { EXIT, HarnessError } from '../../foundation/errors.ts';
import { kindPath, provideNodeImage } from './build.ts';
import { cacheFolder } from '../../clusters/cache-folder.ts';
import { Cache } from './cache.ts';
import { nodeImage, versions } from './versions.ts';

const HELP = `Usage: npm run kind:node-image -- [options]

Builds the node image for clusters of kind from Debian packages and Go modules, pulling no image, and installs the kind
command beside it. What is up to date is not built again (docs/node-image.md).

  --force         build the image though it is up to date
  --print-image   print the image's name and exit
  --verbose       show what the tools say
  --help          show this text
`;

// Modes of files in the image are theirs, whatever the user's are.
process.umask(0o022);
process.exitCode = await main();

async function main(): Promise<number> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupt.abort());
  const line = (text: string): void => void process.stderr.write(`${text}\n`);
  try {
    const { force, verbose, ...only } = flags();
    if (only.help) process.stdout.write(HELP);
    else if (only.printImage) process.stdout.write(`${nodeImage(versions)}\n`);
    else {
      const cache = new Cache(cacheFolder());
      await provideNodeImage(versions, force, { cache, terminal: { verbose, line }, signal: interrupt.signal });
      process.stdout.write(`image  ${nodeImage(versions)}\nkind   ${kindPath(cache.folder)}\n`);
    }
    return EXIT.conforms;
  } catch (error) {
    if (interrupt.signal.aborted) {
      line('Interrupted; what was half made is removed.');
      return EXIT.interrupted;
    }
    if (!(error instanceof HarnessError)) throw error;
    line(error.message);
    return error.exitCode;
  }
}

function flags(): { force: boolean; verbose: boolean; help: boolean; printImage: boolean } {
  try {
    const boolean = { type: 'boolean', default: false } as const;
    const { values } = parseArgs({
      options: { force: boolean, verbose: boolean, help: { ...boolean, short: 'h' }, 'print-image': boolean },
    });
    return { force: values.force, verbose: values.verbose, help: values.help, printImage: values['print-image'] };
  } catch (error) {
    throw new HarnessError('UNKNOWN_FLAG', `${(error as Error).message.split('. ')[0]}: see --help.`);
  }
}
