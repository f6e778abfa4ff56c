import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../../foundation/node/is-alive.ts';

/** Files or folders named by a hash of their inputs. They are renamed when complete, so that interrupted builds leave no valid entry. */
export class Cache {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#removeLeftovers();
  }

  path(name: string, madeFrom: string): string {
    return join(this.folder, `${name}-${createHash('sha256').update(madeFrom).digest('hex').slice(0, 16)}`);
  }

  /** Returns the path of an entry. Calls `make` if it is missing. */
  async get(name: string, madeFrom: string, make: (at: string) => Promise<void>): Promise<string> {
    const path = this.path(name, madeFrom);
    if (existsSync(path)) return path;
    await this.temporary(name, async (at) => {
      await make(at);
      // A concurrent build may have written the same entry.
      if (!existsSync(path)) renameSync(at, path);
    });
    return path;
  }

  /** Calls `use` with a temporary path, and removes it afterwards. */
  async temporary<T>(name: string, use: (at: string) => Promise<T>): Promise<T> {
    const at = join(this.folder, `.tmp-${process.pid}-${name}`);
    try {
      return await use(at);
    } finally {
      rmSync(at, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** Removes other versions of an entry. */
  keepOnly(name: string, madeFrom: string): void {
    const kept = this.path(name, madeFrom);
    for (const entry of readdirSync(this.folder)) {
      const path = join(this.folder, entry);
      if (/^[0-9a-f]{16}$/.test(entry.slice(name.length + 1)) && entry.startsWith(`${name}-`) && path !== kept) {
        rmSync(path, { recursive: true, force: true });
      }
    }
  }

  /** Removes temporary paths of exited processes, whose ids are in the names. */
  #removeLeftovers(): void {
    for (const entry of readdirSync(this.folder)) {
      const pid = /^\.tmp-(\d+)-/.exec(entry)?.[1];
      if (pid !== undefined && !isAlive(Number(pid))) {
        rmSync(join(this.folder, entry), { recursive: true, force: true });
      }
    }
  }
}
