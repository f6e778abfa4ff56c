import { cacheFolder } from '../../foundation/node/cache-folder.ts';
import type { Io } from '../../foundation/node/io.ts';
import { EXIT } from '../../foundation/node/errors.ts';
import { kindPath, provideNodeImage } from './build.ts';
import { Cache } from './cache.ts';
import { nodeImage, versions } from './versions.ts';

export const imageName = nodeImage(versions);

/** Builds the image and kind, prints their names and returns the exit code. Throws `HarnessError`. */
export async function buildNodeImage(
  { force, verbose }: { readonly force: boolean; readonly verbose: boolean },
  { stdout, stderr, interruption }: Pick<Io, 'stdout' | 'stderr' | 'interruption'>,
): Promise<number> {
  // The image's file modes must not depend on the user's umask.
  process.umask(0o022);
  const signal = interruption();
  const line = (text: string): void => void stderr.write(`${text}\n`);
  try {
    const cache = new Cache(cacheFolder());
    await provideNodeImage(versions, force, { cache, terminal: { verbose, line }, signal });
    stdout.write(`image  ${imageName}\nkind   ${kindPath(cache.folder)}\n`);
    return EXIT.conforms;
  } catch (error) {
    if (!signal.aborted) throw error;
    line('Interrupted. Removed incomplete files.');
    return EXIT.interrupted;
  }
}
