import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where things are kept between builds, outside the checkout: `$XDG_CACHE_HOME` or `~/.cache`. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'eks-pod-identity-conformance');
}
