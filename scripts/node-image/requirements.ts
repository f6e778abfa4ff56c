import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { HarnessError } from '../../foundation/node/errors.ts';
import { ask } from './tool.ts';

/** Required commands, by Debian package. */
const TOOLS = {
  debootstrap: 'apt-get install debootstrap',
  tar: 'apt-get install tar',
  unshare: 'apt-get install util-linux',
  setpriv: 'apt-get install util-linux',
};

/** Minor version of Go 1. */
const GO_MINOR = 24;

const GIB = 1024 ** 3;

/** Throws HarnessError for a missing command, or without rights to install Debian. */
export async function checkTools(): Promise<void> {
  await checkGo();
  for (const [tool, install] of Object.entries(TOOLS)) {
    if ((await ask(tool, ['--version'])).missing)
      throw lacking(`${tool} is not installed, and the node image is built with it: on Debian, ${install}.`);
  }
  if (process.getuid?.() !== 0) {
    throw lacking(
      'Only root can build the node image, as debootstrap makes device files: run it again with sudo -E env "PATH=$PATH" npm run kind:node-image.',
    );
  }
}

/** Throws HarnessError without a recent Go. */
export async function checkGo(): Promise<void> {
  const { missing, output } = await ask('go', ['version']);
  const get = `Go 1.${GO_MINOR} or later builds Kubernetes and kind: get it from https://go.dev/dl and add its bin folder to PATH.`;
  if (missing) throw lacking(`go is not installed. ${get}`);
  const minor = /\bgo1\.(\d+)/.exec(output)?.[1];
  if (minor !== undefined && Number(minor) < GO_MINOR) throw lacking(`go is of version 1.${minor}. ${get}`);
}

/** Throws HarnessError below `needed` GiB. */
export async function checkDisk(folders: readonly string[], needed: number): Promise<void> {
  for (const folder of folders) {
    // The engine may be on another machine.
    if (!existsSync(folder)) continue;
    const { bavail, bsize } = await statfs(folder);
    const free = (bavail * bsize) / GIB;
    if (free < needed)
      throw lacking(
        `${folder} has ${free.toFixed(1)} GiB free, and the node image needs ${needed}: free some, or move the cache with XDG_CACHE_HOME.`,
      );
  }
}

const lacking = (sentence: string): HarnessError => new HarnessError('PROVISIONING_FAILED', sentence);
