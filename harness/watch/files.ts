import { dirname, relative, sep } from 'node:path';
import { watch, type FSWatcher } from 'chokidar';

interface FileWatcherOptions {
  /** Absolute paths of the folders, which are watched recursively. */
  readonly folders: readonly string[];
  readonly reports: string;
  readonly changed: (file: string) => void;
  readonly note: (sentence: string) => void;
  readonly watch?: typeof watch;
}

/** Milliseconds between polls if the system reports no changes. */
const POLLING_INTERVAL = 250;

/** Errors of a system that cannot watch more files, with the remedy. */
const EXHAUSTED: Readonly<Record<string, string>> = {
  ENOSPC: 'raise fs.inotify.max_user_watches',
  EMFILE: 'raise fs.inotify.max_user_instances',
};

/** Reports changes of files in folders, and of single files elsewhere. */
export class FileWatcher {
  readonly #options: FileWatcherOptions;
  /** Files outside of the folders. Their folder is watched, because a replaced file is a new one for the system. */
  readonly #files = new Set<string>();
  /** Resolves when all further changes will be reported. */
  readonly ready: Promise<void>;
  #polls = false;
  #ofFolders: FSWatcher;
  #ofFiles: FSWatcher;

  constructor(options: FileWatcherOptions) {
    this.#options = options;
    this.#ofFolders = this.#watchFolders();
    this.#ofFiles = this.#watchFiles();
    this.ready = new Promise((ready) => this.#ofFolders.on('ready', () => ready()));
  }

  add(files: Iterable<string>): void {
    for (const file of files) {
      if (this.#files.has(file) || this.#options.folders.some((folder) => isIn(folder, file))) continue;
      this.#files.add(file);
      this.#ofFiles.add(dirname(file));
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#ofFolders.close(), this.#ofFiles.close()]);
  }

  #watchFolders(): FSWatcher {
    const { folders, changed } = this.#options;
    return this.#watch([...folders], { ignored: (path) => this.#isIgnored(path) }).on('all', (_, path) =>
      changed(path),
    );
  }

  #watchFiles(): FSWatcher {
    const changed = (path: string): void => {
      if (this.#files.has(path)) this.#options.changed(path);
    };
    return this.#watch(
      [...this.#files].map((file) => dirname(file)),
      { depth: 0 },
    ).on('all', (_, path) => changed(path));
  }

  #watch(paths: string[], options: Parameters<typeof watch>[1]): FSWatcher {
    const polling = this.#polls ? { usePolling: true, interval: POLLING_INTERVAL } : {};
    const start = this.#options.watch ?? watch;
    return start(paths, { ignoreInitial: true, ...options, ...polling }).on('error', (error) => this.#failed(error));
  }

  #isIgnored(path: string): boolean {
    const { folders, reports } = this.#options;
    if (isIn(reports, path)) return true;
    const folder = folders.find((one) => isIn(one, path)) ?? path;
    return relative(folder, path)
      .split(sep)
      .some((part) => part === 'node_modules' || part.startsWith('.'));
  }

  #failed(error: unknown): void {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const { note } = this.#options;
    if (EXHAUSTED[code] === undefined) return note(`Some files cannot be watched: ${message}.`);
    if (this.#polls) return;
    note(
      `The system cannot watch more files (${code}): polling every ${POLLING_INTERVAL} ms instead; ${EXHAUSTED[code]} to avoid this.`,
    );
    this.#polls = true;
    for (const old of [this.#ofFolders, this.#ofFiles]) {
      void old.close();
      // Without a listener, a further error would end the process.
      old.on('error', () => undefined);
    }
    this.#ofFolders = this.#watchFolders();
    this.#ofFiles = this.#watchFiles();
  }
}

const isIn = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}${sep}`);
