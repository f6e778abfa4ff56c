import { main, processIo } from '../emulator/cli.ts';
import { clusterHost } from './emulator-hosts.ts';

/** `npm run emulator`: the emulator with Kubernetes clusters behind CreateCluster. */
process.exit(await main(process.argv.slice(2), { ...processIo(), clusterHost }));
