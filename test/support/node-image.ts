import { execFileSync } from 'node:child_process';
import { ROOT } from './run-cli.ts';

/** Returns the name of the node image that `npm run kind:node-image` builds. */
export const nodeImage = (): string =>
  execFileSync('npm', ['run', '--silent', 'kind:node-image', '--', '--print-image'], {
    cwd: ROOT,
    encoding: 'utf8',
  }).trim();
