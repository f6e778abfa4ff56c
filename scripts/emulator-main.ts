import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { embeddedClusterProvider } from '../clusters/embedded/index.ts';
import { main, processIo } from '../emulator/cli.ts';

/** The image that pods can name; a pod's own `command` runs a program of this machine in its place. */
const PROBE_IMAGE = 'conformance.eks-pod-identity/probe:latest';
const source = import.meta.url.endsWith('.ts');
const probe = fileURLToPath(new URL(source ? '../dist/probe/launch.cjs' : '../probe/launch.cjs', import.meta.url));

/** `npm run emulator`: the emulator with embedded clusters behind CreateCluster. */
let directory: string | undefined;
const clusterProvider = () => {
  directory = mkdtempSync(join(tmpdir(), 'emulator-'));
  return embeddedClusterProvider({
    images: new Map([[PROBE_IMAGE, { entrypoint: [process.execPath, probe] }]]),
    directory,
  });
};
process.on('exit', () => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});
process.exit(await main(process.argv.slice(2), { ...processIo(), clusterProvider }));
