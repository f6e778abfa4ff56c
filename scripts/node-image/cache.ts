import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../foundation/node/is-alive.ts';

/**
 * Things that are made once: each a file or folder named by a hash of what it was made from. It is made under a
 * temporary name and renamed when it is whole, so that what an interrupted build left never counts.
 */
export class Cache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#removeLeftovers();
  }

  /** The path that a thing has, or would have. */
  path(name: string, madeFrom: string): string {
    return join(this.folder, `${name}-${createHash('sha256').update(madeFrom).digest('hex').slice(0, 16)}`);
  }

  /** The path of a thing, which `make` makes at the path it is given where there is none yet. */
  async get(name: string, madeFrom: string, make: (at: string) => Promise<void>): Promise<string> {
    const path = this.path(name, madeFrom);
    if (existsSync(path)) return path;
    await this.temporary(name, async (at) => {
      await make(at);
      // Another build may have been as fast; what it made of the same is as good.
      if (!existsSync(path)) renameSync(at, path);
    });
    return path;
  }

  /** Lends a path that does not exist yet, and removes what is there in the end. */
  async temporary<T>(name: string, use: (at: string) => Promise<T>): Promise<T> {
    const at = join(this.folder, `.tmp-${process.pid}-${name}`);
    try {
      return await use(at);
    } finally {
      rmSync(at, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** Removes things of a name but the one made from this. */
  keepOnly(name: string, madeFrom: string): void {
    const kept = this.path(name, madeFrom);
    for (const entry of readdirSync(this.folder)) {
      const path = join(this.folder, entry);
      if (/^[0-9a-f]{16}$/.test(entry.slice(name.length + 1)) && entry.startsWith(`${name}-`) && path !== kept) {
        rmSync(path, { recursive: true, force: true });
      }
    }
  }

  /** What builds left that are no more: their process ids are in the names. */
  #removeLeftovers(): void {
    for (const entry of readdirSync(this.folder)) {
      const pid = /^\.tmp-(\d+)-/.exec(entry)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) {
        rmSync(join(this.folder, entry), { recursive: true, force: true });
      }
    }
  }
}
