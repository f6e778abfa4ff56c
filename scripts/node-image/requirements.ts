import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { HarnessError } from '../../foundation/node/errors.ts';
import { ask } from './tool.ts';

/** Required commands, with the command that installs each on Debian. */
const TOOLS = {
  debootstrap: 'apt-get install debootstrap',
  tar: 'apt-get install tar',
  unshare: 'apt-get install util-linux',
  setpriv: 'apt-get install util-linux',
};

/** Required minor version of Go 1. */
const GO_MINOR = 24;

const GIB = 1024 ** 3;

/** Throws HarnessError if a command is missing or the user is not root. */
export async function checkTools(): Promise<void> {
  await checkGo();
  for (const [tool, install] of Object.entries(TOOLS)) {
    if ((await ask(tool, ['--version'])).missing)
      throw lacking(`${tool} is not installed. The node image build needs it. On Debian, run ${install}.`);
  }
  if (process.getuid?.() !== 0) {
    throw lacking(
      'Only root can build the node image, because debootstrap creates device files. Run sudo -E env "PATH=$PATH" npm run kind:node-image.',
    );
  }
}

/** Throws HarnessError if Go is missing or too old. */
export async function checkGo(): Promise<void> {
  const { missing, output } = await ask('go', ['version']);
  const get = `Kubernetes and kind require Go 1.${GO_MINOR} or later. Get it from https://go.dev/dl and add its bin folder to PATH.`;
  if (missing) throw lacking(`Go is not installed. ${get}`);
  const minor = /\bgo1\.(\d+)/.exec(output)?.[1];
  if (minor !== undefined && Number(minor) < GO_MINOR) throw lacking(`Go 1.${minor} is too old. ${get}`);
}

/** Throws HarnessError if a folder's disk has less than `needed` GiB free. */
export async function checkDisk(folders: readonly string[], needed: number): Promise<void> {
  for (const folder of folders) {
    // The engine, and so its folder, may be on another machine.
    if (!existsSync(folder)) continue;
    const { bavail, bsize } = await statfs(folder);
    const free = (bavail * bsize) / GIB;
    if (free < needed)
      throw lacking(
        `${folder} has ${free.toFixed(1)} GiB free, and the node image needs ${needed} GiB. Free some space, or move the cache with XDG_CACHE_HOME.`,
      );
  }
}

const lacking = (sentence: string): HarnessError => new HarnessError('PROVISIONING_FAILED', sentence);
