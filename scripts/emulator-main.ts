import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddedClusterProvider } from '../clusters/embedded/index.ts';
import { main, processIo } from '../emulator/cli.ts';

/** `npm run emulator`: the emulator with embedded clusters behind CreateCluster. */
let directory: string | undefined;
const clusterProvider = () => {
  directory = mkdtempSync(join(tmpdir(), 'emulator-'));
  return embeddedClusterProvider({ images: new Map(), directory });
};
process.on('exit', () => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});
process.exit(await main(process.argv.slice(2), { ...processIo(), clusterProvider }));
