import { homedir } from 'node:os';
import { join } from 'node:path';

/** Returns the folder of files that builds share, in `$XDG_CACHE_HOME` or `~/.cache`. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'eks-pod-identity-conformance');
}
