/** The environment of test processes. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Settings of Node, of an SDK, of a Kubernetes client or of the project, and those by which a run detects GitHub Actions. */
const SETTING = /^(AWS_|CONFORMANCE_|PROBE_|GITHUB_|KUBE(CONFIG$|RNETES_)|NODE_OPTIONS$|(NO|FORCE)_COLOR$)/;

/** Folders with installed tools and their caches, which tests share with the user. */
const SHARED_FOLDERS = {
  DOCKER_CONFIG: '.docker',
  GOPATH: 'go',
  PYENV_ROOT: '.pyenv',
  XDG_CACHE_HOME: '.cache',
  XDG_CONFIG_HOME: '.config',
};

/** Returns the variables without settings, and with the empty folder `home` as home folder. */
export function testEnvironment(variables, home) {
  const kept = Object.entries(variables).filter(([name]) => !SETTING.test(name));
  const shared = Object.entries(SHARED_FOLDERS).map(([name, folder]) => [
    name,
    variables[name] || join(homedir(), folder),
  ]);
  return { ...Object.fromEntries([...kept, ...shared]), HOME: home };
}
